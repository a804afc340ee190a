import type { FieldProblem } from "./types.js";

// Only a type: of the brands that strings can have, an enum's is the one by which a `switch` narrows.
declare enum Newer {
  code = "a code of a newer server",
}

/** A code of a newer server, which this version has no class for: some string, but none of the known ones. */
export type UnknownCode = Newer;

/** What an error knows. */
export interface ErrorDetails {
  /** Noun and verb of the operation, as `auth.login`. */
  readonly operation: string;
  readonly code?: string | null;
  readonly status?: number | null;
  readonly requestId?: string | null;
  readonly title?: string | null;
  readonly detail?: string | null;
  readonly hint?: string;
  readonly retryAfter?: number | null;
  readonly errors?: readonly FieldProblem[];
  readonly cause?: unknown;
}

/** Whatever goes wrong with an operation. Branch on `code`, or on the class. */
export class NttAuthError extends Error {
  /** Noun and verb of the operation that failed, as `auth.login`. */
  declare readonly operation: string;
  /** The server's code, or `null` if the server did not answer with a problem. */
  declare readonly code: string | null;
  /** The HTTP status of the answer, or `null` if there was none. */
  declare readonly status: number | null;
  /** The `X-Request-Id` by which the server's operator finds the request. */
  declare readonly requestId: string | null;
  /** A short summary, the same for each occurrence of the code. */
  declare readonly title: string | null;
  /** What happened this time. */
  declare readonly detail: string | null;
  /** What to do next. */
  declare readonly hint: string;
  /** After how many seconds to come again, if the server said so. */
  declare readonly retryAfter: number | null;
  /** What is wrong with the input, field by field. */
  declare readonly errors: readonly FieldProblem[];

  constructor({
    operation,
    code = null,
    title = null,
    detail = null,
    requestId = null,
    ...rest
  }: ErrorDetails) {
    const told = [title, detail].filter(Boolean).join(": ") || "failed";
    const known = [code, requestId && `request ${requestId}`].filter(Boolean).join(", ");
    super(`${operation}: ${told}${known && ` (${known})`}`, rest);
    const nothing = { status: null, retryAfter: null, errors: [], hint: this.hint };
    Object.assign(this, { operation, code, title, detail, requestId, ...nothing, ...rest });
  }
}

/** The same error, as it is told to another operation that waited for the same thing. */
export function attributed(error: unknown, operation: string): unknown {
  if (!(error instanceof NttAuthError) || error.operation === operation) return error;
  const Class = error.constructor as new (details: ErrorDetails) => NttAuthError;
  const { code, status, requestId, title, detail, hint, retryAfter, errors, cause } = error;
  return new Class({ operation, code, status, requestId, title, detail, hint, retryAfter, errors, cause });
}

/** There was no answer, or only a part of one. Tokens are kept; trying again later is right. */
export class NetworkError extends NttAuthError {
  declare readonly code: null;
}

/** The server's name is known to nobody. The request was not sent. */
export class NameResolutionError extends NetworkError {}

/** No connection was made. In a browser, which does not tell causes, the request may have been sent. */
export class ConnectionFailedError extends NetworkError {}

/** The connection broke off. Nobody knows whether the request was carried out. */
export class ConnectionLostError extends NetworkError {}

/** The answer did not come in time. Nobody knows whether the request was carried out. */
export class TimedOutError extends NetworkError {}

/** The answer is not what an ntt-auth server sends, most often because something in between answered. */
export class UnexpectedAnswerError extends NttAuthError {
  declare readonly code: null;
}

/** 401: who is asking is not known, or not any more. */
export class AuthenticationError extends NttAuthError {}

/** The session is over and its tokens were dropped: sign in again. */
export class SessionExpiredError extends AuthenticationError {}

/** 403: who is asking may not do this. */
export class PermissionDeniedError extends NttAuthError {}

/** 4xx: the request cannot be taken as it is; sending it again changes nothing. */
export class InvalidRequestError extends NttAuthError {}

/** 422: something in the input is not acceptable; `errors` names the fields. */
export class ValidationError extends NttAuthError {}

/** 404, 410: there is nothing there that the caller may know of. */
export class NotFoundError extends NttAuthError {}

/** 409: what was asked for does not apply to the present state. */
export class ConflictError extends NttAuthError {}

/** 429: too many requests, or too many wrong passwords; come again after `retryAfter` seconds. */
export class RateLimitedError extends NttAuthError {}

/** 5xx: the server cannot do it now. */
export class ServerError extends NttAuthError {}

const AGAIN = "Wait for `retryAfter` seconds and send it again.";

/** Classes by their names, which bundlers shorten, with what whoever meets one does next. */
for (const [word, [Class, hint]] of Object.entries({
  NttAuth: [NttAuthError, "Have the operator look for `requestId` in the server's log."],
  Network: [NetworkError, "Try again later; the session is kept."],
  NameResolution: [NameResolutionError],
  ConnectionFailed: [ConnectionFailedError],
  ConnectionLost: [ConnectionLostError],
  TimedOut: [TimedOutError],
  UnexpectedAnswer: [UnexpectedAnswerError, "Look at the address, and what stands between."],
  Authentication: [AuthenticationError, "Refresh, or sign in again."],
  SessionExpired: [SessionExpiredError, "Sign in again."],
  PermissionDenied: [PermissionDeniedError, "Have somebody of a higher role do it."],
  InvalidRequest: [InvalidRequestError, "Change the request as `detail` says."],
  Validation: [ValidationError, "Correct what `errors` names and send it again."],
  NotFound: [NotFoundError, "Look at the id and at the address."],
  Conflict: [ConflictError, "Read it again and decide anew."],
  RateLimited: [RateLimitedError, AGAIN],
  Server: [ServerError, AGAIN],
} as Record<string, [{ prototype: NttAuthError }, string?]>)) {
  Object.assign(Class.prototype, { name: `${word}Error` }, hint && { hint });
}
