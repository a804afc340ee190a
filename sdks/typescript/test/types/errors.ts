/** Compiled, never run: what the compiler must know of errors. */
import {
  type AuthError,
  InvalidCredentialsError,
  isAuthError,
  NttAuthError,
  type RateLimitedError,
  type RefreshTokenReusedError,
  type SessionExpiredError,
} from "../../src/index.js";

type Equal<One, Other> =
  (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;
const holds = <Claim extends true>(): Claim | undefined => undefined;

export function narrows(error: unknown): void {
  if (!isAuthError(error)) return;
  switch (error.code) {
    case "rate_limited": {
      const limited: RateLimitedError = error;
      holds<Equal<typeof error.code, "rate_limited">>();
      limited.retryAfter?.toFixed();
      break;
    }
    case "refresh_token_reused": {
      const reused: RefreshTokenReusedError = error;
      const expired: SessionExpiredError = reused;
      expired.hint.trim();
      break;
    }
    case null:
      holds<Equal<typeof error.code, null>>();
      break;
    // @ts-expect-error There is no such code.
    case "rate_limit":
      break;
    default:
      error.code.trim();
  }
}

export function byClass(error: NttAuthError): string | null {
  if (error instanceof InvalidCredentialsError) {
    const code: "invalid_credentials" = error.code;
    return code;
  }
  // @ts-expect-error The group does not know which code it is.
  const code: "forbidden" = error.code;
  return code;
}

export const every = (error: AuthError): NttAuthError => error;
void NttAuthError;
