import { parsed } from "../core/answer.js";
import { isAtLeast, ROLES } from "../core/roles.js";
import type { Role, User } from "../core/types.js";
import { FakeProblem } from "./fake_problem.js";
import type { FakeAccount, FakeServer, FakeSession } from "./fake_server.js";

/** @internal */
export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: string;
}

type Route = (exchange: Exchange) => Response;

/** One request, and what is known of who sent it. */
interface Exchange {
  readonly server: FakeServer;
  readonly request: FakeRequest;
  readonly body: Record<string, unknown>;
  /** The part of the path that is an id or a name. */
  readonly part: string;
  readonly actor: FakeAccount;
  readonly session: FakeSession;
}

/** Who may: everybody, whoever is signed in, or a role. */
type Who = "all" | "user" | Role;

const NOTHING = (): Response => new Response(null, { status: 204 });
const ACCEPTED = (): Response => json({}, 202);
const HEALTHY = ({ server }: Exchange): Response =>
  json({ status: "ok", timestamp: server.now(), version: "fake" });

/** @internal */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });
}

const list = (items: readonly unknown[]): Response => json({ items, nextCursor: null });

/** Method and path, `*` standing for a part of it; the order decides. */
const ROUTES: readonly (readonly [string, Who, Route])[] = [
  ["POST /api/v1/auth/register", "all", register],
  ["POST /api/v1/auth/login", "all", login],
  ["POST /api/v1/auth/refresh", "all", refresh],
  ["POST /api/v1/auth/logout", "all", logout],
  ["POST /api/v1/auth/logout-all", "user", (exchange) => endAll(exchange, exchange.actor.user.userId)],
  ["GET /api/v1/auth/validate", "user", validate],
  ["POST /api/v1/auth/verify-email", "all", NOTHING],
  ["POST /api/v1/auth/resend-verification", "all", ACCEPTED],
  ["POST /api/v1/auth/forgot-password", "all", ACCEPTED],
  ["POST /api/v1/auth/reset-password", "all", NOTHING],
  ["POST /api/v1/auth/confirm-email-change", "all", NOTHING],
  ["POST /api/v1/auth/change-password", "user", changePassword],
  ["POST /api/v1/auth/change-email", "user", ACCEPTED],
  ["GET /api/v1/auth/password-policy", "all", () => json({ minLength: 8, maxLength: 128, require: [] })],
  ["GET /api/v1/auth/permissions", "all", () => json({ roles: ROLES, actions: [] })],
  ["GET /api/v1/auth/documents", "all", () => list([])],
  ["GET /api/v1/auth/sessions", "user", (exchange) => sessionsOf(exchange, exchange.actor.user.userId)],
  ["DELETE /api/v1/auth/sessions/*", "user", endSession],
  ["GET /api/v1/users/me", "user", ({ actor }) => json(actor.user)],
  ["PATCH /api/v1/users/me", "user", (exchange) => update(exchange, exchange.actor)],
  ["DELETE /api/v1/users/me", "user", (exchange) => remove(exchange, exchange.actor)],
  ["POST /api/v1/users/me/erase", "user", (exchange) => remove(exchange, exchange.actor)],
  ["GET /api/v1/users/me/export", "user", ({ actor }) => json({ schemaVersion: 1, profile: actor.user })],
  ["GET /api/v1/users/me/consents", "user", () => list([])],
  ["GET /api/v1/users", "moderator", users],
  ["POST /api/v1/users", "admin", create],
  ["GET /api/v1/users/*", "moderator", ({ server, part }) => json(server.account(part).user)],
  ["PATCH /api/v1/users/*", "admin", (exchange) => update(exchange, target(exchange))],
  ["DELETE /api/v1/users/*", "admin", (exchange) => remove(exchange, target(exchange))],
  ["PATCH /api/v1/users/*/role", "admin", changeRole],
  ["POST /api/v1/users/*/suspend", "moderator", (exchange) => activate(exchange, false)],
  ["POST /api/v1/users/*/reactivate", "moderator", (exchange) => activate(exchange, true)],
  ["POST /api/v1/users/*/restore", "admin", (exchange) => activate(exchange, true)],
  ["POST /api/v1/users/*/unlock", "moderator", (exchange) => json(target(exchange).user)],
  [
    "POST /api/v1/users/*/logout-all",
    "moderator",
    (exchange) => endAll(exchange, target(exchange).user.userId),
  ],
  ["POST /api/v1/users/*/reset-password", "admin", ACCEPTED],
  ["POST /api/v1/users/*/resend-verification", "admin", ACCEPTED],
  ["GET /api/v1/users/*/sessions", "admin", (exchange) => sessionsOf(exchange, exchange.part)],
  ["GET /api/v1/audit-events", "moderator", () => list([])],
  ["GET /api/v1/system/jobs", "super_admin", () => list([])],
  ["GET /health", "all", HEALTHY],
  ["GET /health/live", "all", HEALTHY],
  ["GET /health/ready", "all", HEALTHY],
  ["GET /.well-known/jwks.json", "all", () => json({ keys: [] })],
];

/** @internal Answers a request, or throws the problem that stands against it. */
export function answerTo(server: FakeServer, request: FakeRequest): Response {
  const asked = `${request.method} ${request.path}`;
  for (const [route, who, answer] of ROUTES) {
    const found = new RegExp(`^${route.replaceAll(".", "\\.").replace("*", "([^/]+)")}$`).exec(asked);
    if (!found) continue;
    const known = who === "all" ? null : signedIn(server, request);
    if (known && who !== "user" && !isAtLeast(known.actor.user.role, who as Role)) {
      throw new FakeProblem("forbidden", 403);
    }
    const body = parsed(request.body || "{}");
    if (!body) throw new FakeProblem("malformed_request", 400);
    const part = decodeURIComponent(found[1] ?? "");
    return answer({ server, request, body, part, ...known } as Exchange);
  }
  throw new FakeProblem("not_found", 404, `The fake does not know ${asked}`);
}

function signedIn(server: FakeServer, request: FakeRequest): Pick<Exchange, "actor" | "session"> {
  const token = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
  if (token === undefined) throw new FakeProblem("token_missing", 401);
  const access = server.access(token);
  if (access instanceof FakeProblem) throw access;
  const session = server.sessions.get(access.sessionId) as FakeSession;
  return { actor: server.account(access.userId), session };
}

function target({ server, actor, part }: Exchange): FakeAccount {
  const account = server.account(part);
  if (!manages(actor.user, account.user)) throw new FakeProblem("forbidden", 403);
  return account;
}

function register({ server, body }: Exchange): Response {
  const { email, password } = body as { email?: string; password?: string };
  const problems = [
    ...(email?.includes("@") ? [] : [{ field: "/email", code: "invalid", message: "This is no address." }]),
    ...((password ?? "").length < 8
      ? [{ field: "/password", code: "too_short", message: "A password has at least 8 characters." }]
      : []),
  ];
  const taken = [...server.accounts.values()].some(({ user }) => user.email === email);
  if (taken) problems.push({ field: "/email", code: "taken", message: "There is such an account." });
  if (problems.length > 0) throw new FakeProblem("validation_failed", 422, "", problems);
  return json(server.addUser({ ...(body as { email: string }), role: "user" }), 201);
}

function login({ server, body }: Exchange): Response {
  const identifier = body.email ?? body.username ?? body.identifier;
  const account = [...server.accounts.values()].find(
    ({ user }) => identifier === user.email || (user.username !== null && identifier === user.username),
  );
  if (!account?.user.isActive || account.password === null || account.password !== body.password) {
    throw new FakeProblem("invalid_credentials", 401);
  }
  const { deviceName = null, session } = body as { deviceName?: string | null; session?: string };
  return json(server.open(account, deviceName, session === "cookie"));
}

// In browser mode the real server reads a cookie; here the token against forged requests names the session.
function refresh({ server, request, body }: Exchange): Response {
  const csrf = request.headers.get("x-csrf-token");
  if (csrf === null) return json(server.rotate(String(body.refreshToken ?? ""), false));
  const session = [...server.sessions.values()].find(({ csrfToken }) => csrfToken === csrf);
  if (!session) throw new FakeProblem("csrf_refused", 403);
  return json(server.rotate(session.refreshToken, true));
}

function logout({ server, request, body }: Exchange): Response {
  const csrf = request.headers.get("x-csrf-token");
  for (const { sessionId, csrfToken } of server.sessions.values()) {
    if (csrf === csrfToken || String(body.refreshToken).includes(sessionId)) server.revoke({ sessionId });
  }
  return NOTHING();
}

function validate({ server, actor, session, request }: Exchange): Response {
  const token = (request.headers.get("authorization") ?? "").slice("Bearer ".length);
  const access = server.access(token) as { expiresAt: number };
  const { userId, role } = actor.user;
  const expiresAt = new Date(access.expiresAt).toISOString();
  const { sessionId } = session;
  return json({ active: true, userId, sessionId, role, scope: "account", audience: server.url, expiresAt });
}

function changePassword({ server, actor, session, body }: Exchange): Response {
  if (actor.password !== body.currentPassword) throw new FakeProblem("invalid_credentials", 401);
  actor.password = String(body.newPassword);
  for (const { sessionId, userId } of server.sessions.values()) {
    if (userId === actor.user.userId && sessionId !== session.sessionId) server.revoke({ sessionId });
  }
  return NOTHING();
}

function sessionsOf({ server, session }: Exchange, userId: string): Response {
  const open = [...server.sessions.values()].filter((one) => one.userId === userId);
  return list(
    open.map(({ sessionId, deviceName, createdAt, lastUsedAt }) => ({
      sessionId,
      deviceName,
      createdAt,
      lastUsedAt,
      expiresAt: lastUsedAt,
      userAgent: null,
      ipAddress: "127.0.0.1",
      current: sessionId === session.sessionId,
    })),
  );
}

function endSession({ server, actor, part }: Exchange): Response {
  if (server.sessions.get(part)?.userId !== actor.user.userId) throw new FakeProblem("not_found", 404);
  server.revoke({ sessionId: part });
  return NOTHING();
}

function endAll({ server }: Exchange, userId: string): Response {
  server.revoke({ userId });
  return NOTHING();
}

function users({ server, request }: Exchange): Response {
  const role = request.query.get("role");
  const words = (request.query.get("q") ?? "").toLowerCase();
  const found = [...server.accounts.values()]
    .map(({ user }) => user)
    .filter((user) => role === null || user.role === role)
    .filter(({ email, firstName, lastName }) =>
      `${email} ${firstName} ${lastName}`.toLowerCase().includes(words),
    );
  const limit = Number(request.query.get("limit") ?? 50);
  const from = Number(request.query.get("cursor") ?? 0);
  const next = from + limit < found.length ? String(from + limit) : null;
  return json({ items: found.slice(from, from + limit), nextCursor: next });
}

function create({ server, actor, body }: Exchange): Response {
  const { role } = body as { role: Role };
  if (!manages(actor.user, { role } as User)) throw new FakeProblem("forbidden", 403);
  return json(server.addUser(body as { email: string; role: Role }), 201);
}

function update({ server, body }: Exchange, account: FakeAccount): Response {
  account.user = { ...account.user, ...body, updatedAt: server.now() };
  return json(account.user);
}

function remove({ server }: Exchange, { user }: FakeAccount): Response {
  server.accounts.delete(user.userId);
  server.revoke({ userId: user.userId });
  return NOTHING();
}

function changeRole(exchange: Exchange): Response {
  const account = target(exchange);
  const { role } = exchange.body as { role: Role };
  if (account.user.role === role) throw new FakeProblem("conflict", 409);
  account.version += 1;
  account.user = { ...account.user, role, isSuperuser: role === "super_admin" };
  return json(account.user);
}

function activate(exchange: Exchange, isActive: boolean): Response {
  const account = target(exchange);
  if (account.user.isActive === isActive) throw new FakeProblem("conflict", 409);
  account.user = { ...account.user, isActive };
  if (!isActive) exchange.server.revoke({ userId: account.user.userId });
  return json(account.user);
}

/** Whether an actor may manage a target, roughly as the real server's table says. */
function manages(actor: User, target: User): boolean {
  if (actor.role === "super_admin") return true;
  return isAtLeast(actor.role, "moderator") && ROLES.indexOf(actor.role) < ROLES.indexOf(target.role);
}
