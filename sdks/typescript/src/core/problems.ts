import {
  AuthenticationError,
  ConflictError,
  type ErrorDetails,
  InvalidRequestError,
  NotFoundError,
  NttAuthError,
  PermissionDeniedError,
  RateLimitedError,
  ServerError,
  SessionExpiredError,
  type UnknownCode,
  ValidationError,
} from "./errors.js";
import type { ProblemCode } from "./types.js";

/** The request cannot be read at all: its body is not JSON, or breaks off. */
export class MalformedRequestError extends InvalidRequestError {
  declare readonly code: "malformed_request";
}

/** Something in the input is not acceptable; `errors` names each mistake. */
export class ValidationFailedError extends ValidationError {
  declare readonly code: "validation_failed";
}

/** Nobody was signed in: wrong password, unknown, suspended or deleted account. */
export class InvalidCredentialsError extends AuthenticationError {
  declare readonly code: "invalid_credentials";
}

/** The password was right, but the email address has to be verified first. */
export class EmailNotVerifiedError extends AuthenticationError {
  declare readonly code: "email_not_verified";
}

/** There is no access token; where nobody is signed in, nothing was sent. */
export class TokenMissingError extends AuthenticationError {
  declare readonly code: "token_missing";
}

/** The access token was good once; its time is over. */
export class TokenExpiredError extends AuthenticationError {
  declare readonly code: "token_expired";
}

/** What was sent is no access token of this server, or not for this audience. */
export class TokenInvalidError extends AuthenticationError {
  declare readonly code: "token_invalid";
}

/** The access token was revoked: its session ended, or the role of its holder changed. */
export class TokenRevokedError extends AuthenticationError {
  declare readonly code: "token_revoked";
}

/** The refresh token was used before, by somebody else; the session was ended. */
export class RefreshTokenReusedError extends SessionExpiredError {
  declare readonly code: "refresh_token_reused";
}

/** The session was not used for too long, or has reached its greatest age. */
export class RefreshTokenExpiredError extends SessionExpiredError {
  declare readonly code: "refresh_token_expired";
}

/** The refresh token is none, or its session has ended. */
export class RefreshTokenInvalidError extends SessionExpiredError {
  declare readonly code: "refresh_token_invalid";
}

/** The role of who is asking does not permit this, or not on this account. */
export class ForbiddenError extends PermissionDeniedError {
  declare readonly code: "forbidden";
}

/** The cookie came without the `csrfToken`, or from a page of a foreign origin. */
export class CsrfRefusedError extends PermissionDeniedError {
  declare readonly code: "csrf_refused";
}

/** The address exists but does not know this method. */
export class MethodNotAllowedError extends InvalidRequestError {
  declare readonly code: "method_not_allowed";
}

/** The body of the request did not reach the server in time. */
export class RequestTimeoutError extends InvalidRequestError {
  declare readonly code: "timeout";
}

/** What came after this place in the list of revocations is not known any more. */
export class CursorGoneError extends NotFoundError {
  declare readonly code: "cursor_gone";
}

/** It would leave nobody who may do everything. */
export class LastSuperAdminError extends ConflictError {
  declare readonly code: "last_super_admin";
}

/** The body is larger than the server reads. */
export class PayloadTooLargeError extends InvalidRequestError {
  declare readonly code: "payload_too_large";
}

/** The address is longer than the server reads. */
export class UriTooLongError extends InvalidRequestError {
  declare readonly code: "uri_too_long";
}

/** The body is of a type that is not read here. */
export class UnsupportedMediaTypeError extends InvalidRequestError {
  declare readonly code: "unsupported_media_type";
}

/** The headers are larger than the server reads. */
export class HeaderTooLargeError extends InvalidRequestError {
  declare readonly code: "header_too_large";
}

/** The server has too much to do just now. */
export class OverloadedError extends ServerError {
  declare readonly code: "overloaded";
}

/** Something that the server rests on does not answer just now. */
export class UnavailableError extends ServerError {
  declare readonly code: "unavailable";
}

/** What was revoked of late is not known, so no access token is accepted just now. */
export class RevocationsStaleError extends ServerError {
  declare readonly code: "revocations_stale";
}

/** The server failed in a way it should not have. */
export class InternalError extends ServerError {
  declare readonly code: "internal";
}

type Constructor = new (details: ErrorDetails) => NttAuthError;

/** The class of each code. */
export const PROBLEMS = {
  malformed_request: MalformedRequestError,
  validation_failed: ValidationFailedError,
  invalid_credentials: InvalidCredentialsError,
  email_not_verified: EmailNotVerifiedError,
  token_missing: TokenMissingError,
  token_expired: TokenExpiredError,
  token_invalid: TokenInvalidError,
  token_revoked: TokenRevokedError,
  refresh_token_reused: RefreshTokenReusedError,
  refresh_token_expired: RefreshTokenExpiredError,
  refresh_token_invalid: RefreshTokenInvalidError,
  forbidden: ForbiddenError,
  csrf_refused: CsrfRefusedError,
  not_found: NotFoundError,
  method_not_allowed: MethodNotAllowedError,
  timeout: RequestTimeoutError,
  cursor_gone: CursorGoneError,
  conflict: ConflictError,
  last_super_admin: LastSuperAdminError,
  payload_too_large: PayloadTooLargeError,
  uri_too_long: UriTooLongError,
  unsupported_media_type: UnsupportedMediaTypeError,
  header_too_large: HeaderTooLargeError,
  rate_limited: RateLimitedError,
  overloaded: OverloadedError,
  unavailable: UnavailableError,
  revocations_stale: RevocationsStaleError,
  internal: InternalError,
} as const satisfies Record<ProblemCode, Constructor>;

/** What whoever meets a code does next, where its group says less. */
const HINTS: Partial<Record<ProblemCode, string>> = {
  invalid_credentials: "Ask for the credentials again.",
  email_not_verified: "Follow the link in the mail; `auth.resendVerification` has another one sent.",
  token_missing: "Sign in first.",
  token_invalid: "Refresh, or sign in again; compare issuer and audience.",
  refresh_token_reused: "Sign in again, and look for a copy of the tokens.",
  csrf_refused: "Send the `csrfToken`, from a permitted origin.",
  cursor_gone: "Ask again without `after`, and keep what you know.",
  last_super_admin: "Give somebody else the role `super_admin` first.",
  revocations_stale: "Wait and send it again; do not sign in again.",
  internal: "Have the operator look for `requestId` in the server's log.",
};

// Written out of the codes, because bundlers shorten the names of classes.
for (const [code, { prototype }] of Object.entries(PROBLEMS)) {
  const words = code === "timeout" ? "request_timeout" : code;
  const name = `${words.replace(/(?:^|_)(.)/g, (_, first: string) => first.toUpperCase())}Error`;
  const hint = HINTS[code as ProblemCode];
  Object.assign(prototype, { name }, hint && { hint });
}

type Classes = typeof PROBLEMS;

/**
 * Whatever an operation of this client throws, as a union on `code`: `switch (error.code)` narrows to the class.
 * Codes of newer servers are a branded string, which no `case` of a known code matches; where there was no problem, `code` is `null`.
 */
export type AuthError =
  | { [Code in ProblemCode]: InstanceType<Classes[Code]> & { readonly code: Code } }[ProblemCode]
  | (NttAuthError & { readonly code: UnknownCode })
  | (NttAuthError & { readonly code: null });

/** Whether something that was caught comes from this client. */
export const isAuthError = (error: unknown): error is AuthError => error instanceof NttAuthError;

/** What the client itself refuses with a code of the server's. */
export function refused<Code extends ProblemCode>(
  code: Code,
  operation: string,
  title: string,
  details?: Partial<ErrorDetails>,
): InstanceType<Classes[Code]> {
  return new PROBLEMS[code]({ operation, code, title, ...details }) as InstanceType<Classes[Code]>;
}
