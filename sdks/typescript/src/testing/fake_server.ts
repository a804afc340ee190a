import { type Clock, systemClock } from "../core/clock.js";
import type { ProblemCode, Registration, Role, Tokens, User } from "../core/types.js";
import { FakeProblem } from "./fake_problem.js";
import { answerTo, type FakeRequest, json } from "./fake_routes.js";

/** An account of a {@link FakeServer}, as a test makes it. */
export interface FakeUser extends Partial<Registration> {
  readonly email: string;
  readonly role?: Role;
}

/** @internal A session, with the secrets that are good for it now. */
export interface FakeSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly deviceName: string | null;
  readonly createdAt: string;
  lastUsedAt: string;
  refreshToken: string;
  csrfToken: string;
}

/** @internal */
export interface FakeAccount {
  user: User;
  password: string | null;
  version: number;
}

/** What an access token of a {@link FakeServer} says. Times are milliseconds since 1970. */
export interface FakeAccess {
  readonly userId: string;
  readonly sessionId: string;
  readonly expiresAt: number;
  readonly version: number;
}

/** What goes wrong with a request, if a test says so. */
export type FakeFailure =
  | "network"
  | "lost_answer"
  | "timeout"
  | { readonly code: ProblemCode; readonly status: number };

const ACCESS_LIFE = 3600;
const REFRESH_LIFE = 604_800;

/**
 * An ntt-auth server in memory: accounts, sessions, one-time refresh tokens, roles and mail, by `fetch`. For tests of what is built
 * on the client; what depends on the server's own rules is tested with the real one, by {@link startServer}.
 */
export class FakeServer {
  /** The address that clients of it are given. */
  readonly url: string;
  /** @internal */
  readonly clock: Clock;
  /** @internal */
  readonly accounts = new Map<string, FakeAccount>();
  /** @internal */
  readonly sessions = new Map<string, FakeSession>();
  readonly #access = new Map<string, FakeAccess>();
  readonly #used = new Map<string, string>();
  readonly #failures: FakeFailure[] = [];
  #made = 0;

  constructor(options: { readonly url?: string; readonly clock?: Clock } = {}) {
    this.url = options.url ?? "http://auth.fake";
    this.clock = options.clock ?? systemClock;
  }

  /** Makes an account. */
  addUser({ email, password, role = "user", ...profile }: FakeUser): User {
    const now = this.now();
    const user: User = {
      userId: this.id(),
      email,
      username: profile.username ?? null,
      firstName: profile.firstName ?? null,
      lastName: profile.lastName ?? null,
      phone: profile.phone ?? null,
      avatarUrl: profile.avatarUrl ?? null,
      timezone: profile.timezone ?? null,
      locale: profile.locale ?? null,
      metadata: profile.metadata ?? {},
      role,
      isActive: true,
      isEmailVerified: true,
      isSuperuser: role === "super_admin",
      lastLoginAt: null,
      createdAt: now,
      updatedAt: now,
      suspendedUntil: null,
      deletedAt: null,
    };
    this.accounts.set(user.userId, { user, password: password ?? null, version: 1 });
    return user;
  }

  /** An access token for a user, without a password. */
  tokenFor(userId: string): string {
    return this.open(this.account(userId), null).accessToken;
  }

  /** What an access token says, if it is one of this server's that still holds. */
  access(token: string): FakeAccess | FakeProblem {
    const access = this.#access.get(token);
    if (!access) return new FakeProblem("token_invalid", 401);
    if (access.expiresAt <= this.clock.now()) return new FakeProblem("token_expired", 401);
    const account = this.accounts.get(access.userId);
    const holds = this.sessions.has(access.sessionId) && account?.version === access.version;
    return holds ? access : new FakeProblem("token_revoked", 401);
  }

  /** Ends a session, or all of a user. */
  revoke({ sessionId, userId }: { readonly sessionId?: string; readonly userId?: string }): void {
    for (const session of this.sessions.values()) {
      if (session.sessionId === sessionId || session.userId === userId)
        this.sessions.delete(session.sessionId);
    }
  }

  /** Has the next requests fail, one after another. */
  failNext(...failures: readonly FakeFailure[]): void {
    this.#failures.push(...failures);
  }

  /** Answers requests as the server would. */
  readonly fetch: typeof fetch = async (input, init = {}) => {
    const address = new URL(String(input));
    const body = typeof init.body === "string" ? init.body : "";
    const request: FakeRequest = {
      method: init.method ?? "GET",
      path: address.pathname,
      query: address.searchParams,
      headers: new Headers(init.headers),
      body,
    };
    init.signal?.throwIfAborted();
    const failure = this.#failures.shift();
    if (failure === "network") throw failed("ECONNREFUSED");
    if (failure === "timeout") {
      return new Promise((_, reject) => {
        init.signal?.addEventListener("abort", () => reject(init.signal?.reason), { once: true });
      });
    }
    if (typeof failure === "object")
      return this.#problem(new FakeProblem(failure.code, failure.status), request);
    const answer = await this.#answer(request);
    if (failure === "lost_answer") throw failed("ECONNRESET");
    return answer;
  };

  /** @internal */
  now(): string {
    return new Date(this.clock.now()).toISOString();
  }

  /** @internal */
  id(): string {
    return `0199a6f2-0000-7000-8000-${(++this.#made).toString(16).padStart(12, "0")}`;
  }

  /** @internal */
  account(userId: string): FakeAccount {
    const account = this.accounts.get(userId);
    if (!account) throw new FakeProblem("not_found", 404);
    return account;
  }

  /** @internal Begins a session. */
  open(account: FakeAccount, deviceName: string | null, cookie = false): Tokens {
    const now = this.now();
    const sessionId = this.id();
    const session: FakeSession = {
      sessionId,
      userId: account.user.userId,
      deviceName,
      createdAt: now,
      lastUsedAt: now,
      refreshToken: `ntt_rt_fake-${sessionId}-0`,
      csrfToken: `csrf-fake-${sessionId}`,
    };
    this.sessions.set(sessionId, session);
    account.user = { ...account.user, lastLoginAt: now };
    return { ...this.#tokens(account, session, cookie), deviceToken: `ntt_dt_fake-${sessionId}` };
  }

  /** @internal Exchanges a refresh token; the one before is given the same successor again, any older one ends the session. */
  rotate(token: string, cookie: boolean): Tokens {
    const session = [...this.sessions.values()].find(({ sessionId }) => token.includes(sessionId));
    if (!session) throw new FakeProblem("refresh_token_invalid", 401);
    if (session.refreshToken === token) {
      const generation = Number(token.split("-").at(-1)) + 1;
      const next = `ntt_rt_fake-${session.sessionId}-${generation}`;
      this.#used.set(next, token);
      session.refreshToken = next;
      session.lastUsedAt = this.now();
    } else if (this.#used.get(session.refreshToken) !== token) {
      this.sessions.delete(session.sessionId);
      throw new FakeProblem("refresh_token_reused", 401);
    }
    return this.#tokens(this.account(session.userId), session, cookie);
  }

  #tokens(account: FakeAccount, session: FakeSession, cookie: boolean): Tokens {
    const { user, version } = account;
    const accessToken = `fake.access.${this.id()}`;
    const expiresAt = this.clock.now() + ACCESS_LIFE * 1000;
    this.#access.set(accessToken, { userId: user.userId, sessionId: session.sessionId, expiresAt, version });
    return {
      accessToken,
      ...(cookie ? { csrfToken: session.csrfToken } : { refreshToken: session.refreshToken }),
      tokenType: "Bearer",
      expiresIn: ACCESS_LIFE,
      refreshExpiresIn: REFRESH_LIFE,
      sessionId: session.sessionId,
      user,
    };
  }

  async #answer(request: FakeRequest): Promise<Response> {
    try {
      return await answerTo(this, request);
    } catch (error) {
      if (error instanceof FakeProblem) return this.#problem(error, request);
      throw error;
    }
  }

  #problem({ code, status, detail, errors }: FakeProblem, request: FakeRequest): Response {
    const requestId = request.headers.get("x-request-id") ?? "fake";
    const title = code.replaceAll("_", " ");
    const type = `${this.url}/docs/errors/${code}`;
    const retry: Record<string, string> = status === 429 || status === 503 ? { "Retry-After": "1" } : {};
    return json({ type, title, status, detail: detail || title, code, requestId, errors }, status, {
      "Content-Type": "application/problem+json",
      "X-Request-Id": requestId,
      ...retry,
    });
  }
}

function failed(code: string): TypeError {
  return new TypeError("fetch failed", { cause: { code } });
}
