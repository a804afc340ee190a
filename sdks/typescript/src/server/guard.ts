import { NetworkError, NttAuthError, ServerError, UnexpectedAnswerError } from "../core/errors.js";
import { refused } from "../core/problems.js";
import type { Role } from "../core/types.js";
import type { Principal } from "./principal.js";
import type { TokenVerifier } from "./verifier.js";

/** What a verifier must be able to do for the frameworks; `FakeVerifier` of `ntt-auth-client/testing` can, too. */
export type Verifies = Pick<TokenVerifier, "verify" | "permits">;

/** What is asked of whoever calls, besides a good token. */
export interface Requirement {
  /** This role, or a more powerful one. */
  readonly role?: Role;
  readonly scope?: string;
  /** An action of the server's table of permissions that the role must be granted. */
  readonly permission?: string;
}

/**
 * Whom the `Authorization` header of a request speaks for.
 * @throws TokenMissingError without one; ForbiddenError if the requirement is not met; and what {@link TokenVerifier.verify} throws
 */
export async function authenticate(
  verifier: Verifies,
  authorization: string | null | undefined,
  requirement: Requirement = {},
): Promise<Principal> {
  const token = bearer(authorization);
  if (token === null) {
    throw refused("token_missing", "verifier.authenticate", "An access token is needed", { status: 401 });
  }
  const principal = await verifier.verify(token);
  await authorize(verifier, principal, requirement);
  return principal;
}

/** The same for a request that may come without a token: `null` then. */
export async function authenticateIfAny(
  verifier: Verifies,
  authorization: string | null | undefined,
): Promise<Principal | null> {
  return bearer(authorization) === null ? null : authenticate(verifier, authorization);
}

/** @throws ForbiddenError if the requirement is not met */
export async function authorize(
  verifier: Verifies,
  principal: Principal,
  { role, scope, permission }: Requirement,
): Promise<void> {
  if (role !== undefined) principal.requireRole(role);
  if (scope !== undefined) principal.requireScope(scope);
  if (permission !== undefined && !(await verifier.permits(principal, permission))) {
    const title = `This needs the permission ${permission}`;
    throw refused("forbidden", "verifier.require_permission", title, { status: 403 });
  }
}

/** The token of an `Authorization` header (RFC 6750 § 2.1), or `null`. */
export function bearer(authorization: string | null | undefined): string | null {
  return /^bearer +([\w.~+/=-]+) *$/i.exec(authorization ?? "")?.[1] ?? null;
}

/** What a service answers instead of what was asked for. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Problem details (RFC 9457). */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The answer to a request that was not let in; `null` if the error is another's to handle. */
export function refusal(error: unknown): Refusal | null {
  if (!(error instanceof NttAuthError)) return null;
  // Whoever cannot be judged is neither let in nor signed out.
  const away =
    error instanceof NetworkError || error instanceof ServerError || error instanceof UnexpectedAnswerError;
  const status = away ? 503 : (error.status ?? 401);
  if (status !== 401 && status !== 403 && status !== 503) return null;
  const challenge = CHALLENGES[error.code === "token_missing" ? 0 : status];
  return {
    status,
    headers: {
      "Content-Type": "application/problem+json",
      "Cache-Control": "no-store",
      ...(challenge && { "WWW-Authenticate": challenge }),
      ...(away && { "Retry-After": String(Math.max(1, Math.ceil(error.retryAfter ?? 1))) }),
    },
    body: {
      type: "about:blank",
      title: away ? "Access tokens cannot be judged just now" : error.title,
      status,
      code: error.code ?? "unavailable",
    },
  };
}

/** RFC 6750 § 3: without a token nothing is said of an error. */
const CHALLENGES: Readonly<Record<number, string>> = {
  0: "Bearer",
  401: 'Bearer error="invalid_token"',
  403: 'Bearer error="insufficient_scope"',
};

/** The same as an answer of the Fetch standard. */
export function refusalResponse(error: unknown): Response {
  const answer = refusal(error);
  if (!answer) throw error;
  return new Response(JSON.stringify(answer.body), { status: answer.status, headers: answer.headers });
}
