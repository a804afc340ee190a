/**
 * The client for browsers and every other JavaScript runtime; no dependencies.
 *
 * @packageDocumentation
 */
export { AuthClient, type AuthClientOptions, VERSION } from "./client.js";
export type { CallOptions, Page } from "./core/caller.js";
export { type Clock, systemClock } from "./core/clock.js";
export {
  AuthenticationError,
  ConflictError,
  ConnectionFailedError,
  ConnectionLostError,
  type ErrorDetails,
  InvalidRequestError,
  NameResolutionError,
  NetworkError,
  NotFoundError,
  NttAuthError,
  PermissionDeniedError,
  RateLimitedError,
  ServerError,
  SessionExpiredError,
  TimedOutError,
  UnexpectedAnswerError,
  type UnknownCode,
  ValidationError,
} from "./core/errors.js";
export {
  type AuthError,
  CsrfRefusedError,
  CursorGoneError,
  EmailNotVerifiedError,
  ForbiddenError,
  HeaderTooLargeError,
  InternalError,
  InvalidCredentialsError,
  isAuthError,
  LastSuperAdminError,
  MalformedRequestError,
  MethodNotAllowedError,
  OverloadedError,
  PayloadTooLargeError,
  RefreshTokenExpiredError,
  RefreshTokenInvalidError,
  RefreshTokenReusedError,
  RequestTimeoutError,
  RevocationsStaleError,
  TokenExpiredError,
  TokenInvalidError,
  TokenMissingError,
  TokenRevokedError,
  UnavailableError,
  UnsupportedMediaTypeError,
  UriTooLongError,
  ValidationFailedError,
} from "./core/problems.js";
export type { Session, SessionListener, SessionState } from "./core/session.js";
export { MemoryStorage, type SessionStorage, type StoredSession } from "./core/storage.js";
export type { SessionEvent, TabChannel, TabMessage } from "./core/tabs.js";
export type * from "./core/types.js";
export type { Audit } from "./resources/audit.js";
export type { Auth } from "./resources/auth.js";
export type { Me } from "./resources/me.js";
export type { RevocationEvent, Revocations } from "./resources/revocations.js";
export type { Sessions } from "./resources/sessions.js";
export type { System } from "./resources/system.js";
export type { Testing } from "./resources/testing.js";
export type { Users } from "./resources/users.js";
