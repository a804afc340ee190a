import { type Read, unexpected } from "../core/answer.js";
import { type Caller, type CallOptions, objectWith } from "../core/caller.js";
import { AuthenticationError } from "../core/errors.js";
import type { Session } from "../core/session.js";
import type { Slot, StoredSession } from "../core/storage.js";
import type {
  DocumentList,
  EmailChange,
  Login,
  PasswordChange,
  PasswordPolicy,
  PasswordReset,
  PermissionMatrix,
  Registration,
  Tokens,
  User,
  Validation,
} from "../core/types.js";

/** @internal What `auth` needs of its client. */
export interface AuthParts {
  readonly caller: Caller;
  readonly session: Session;
  readonly slot: Slot;
  readonly cookie: boolean;
}

/** Signing up, in and out, and what belongs to a password. */
export class Auth {
  readonly #parts: AuthParts;

  /** @internal */
  constructor(parts: AuthParts) {
    this.#parts = parts;
  }

  /** Makes an account and has a mail sent that verifies the address; `null` where the server does not tell whether there was one already. */
  register(registration: Registration, options?: CallOptions): Promise<User | null> {
    return this.#parts.caller.send(
      "auth.register POST auth/register",
      async (response, head) =>
        response.status === 202 ? null : await objectWith<User>("userId")(response, head),
      options,
      { auth: "none", json: registration },
    );
  }

  /**
   * Signs in with a password and keeps the session. The tokens are in the answer, but are neither enumerated nor printed.
   * @throws InvalidCredentialsError, EmailNotVerifiedError, RateLimitedError, OverloadedError
   */
  async login(login: Omit<Login, "session">, options?: CallOptions): Promise<Tokens> {
    const { caller, slot, session, cookie } = this.#parts;
    const deviceToken = login.deviceToken ?? (await slot.device);
    const json = { ...login, ...(deviceToken && { deviceToken }), ...(cookie && { session: "cookie" }) };
    const tokens = await caller.send("auth.login POST auth/login", readTokens(cookie), options, {
      auth: "none",
      json,
    });
    if (tokens.deviceToken) await slot.keepDevice(tokens.deviceToken);
    await session.accept(tokens);
    return unprinted(tokens);
  }

  /** Exchanges the session's tokens now. There is seldom a need: every call does it in time. */
  async refresh(): Promise<Tokens> {
    const { session } = this.#parts;
    const stored = await session.storedFor("auth.refresh");
    const { lifetime, expiresAt, refreshExpiresAt, ...kept } = await session.refresh(stored, "auth.refresh");
    const refreshExpiresIn = Math.round((refreshExpiresAt - expiresAt + lifetime) / 1000);
    return unprinted({ ...kept, tokenType: "Bearer", expiresIn: lifetime / 1000, refreshExpiresIn });
  }

  /** Signs out here. The session is dropped even when the server cannot be told; then it is thrown why. */
  async logout(options?: CallOptions): Promise<void> {
    const { caller, session, cookie } = this.#parts;
    const stored = await session.stored();
    if (!stored) return;
    try {
      const call = { auth: "none", repeatable: true, ...ofSession(stored, cookie) } as const;
      await caller.nothing("auth.logout POST auth/logout", options, call);
    } catch (error) {
      // A session that is gone is what was asked for.
      if (!(error instanceof AuthenticationError)) throw error;
    } finally {
      await session.drop("signed_out");
    }
  }

  /** Ends every session of who is signed in, this one too. */
  async logoutAll(options?: CallOptions): Promise<void> {
    await this.#parts.caller.nothing("auth.logout_all POST auth/logout-all", options);
    await this.#parts.session.drop("signed_out");
  }

  /** Asks the server whether an access token holds: the one that is given, or the session's. */
  validate(token?: string, options?: CallOptions): Promise<Validation> {
    const auth = token === undefined ? "session" : { bearer: token };
    return this.#parts.caller.object("auth.validate GET auth/validate", "userId", options, { auth });
  }

  /** Verifies an address with the token of the link that was sent there. */
  verifyEmail(token: string, options?: CallOptions): Promise<void> {
    return this.#post("verify_email", { token }, options);
  }

  /** Has another link sent that verifies the address, if there is such an account. */
  resendVerification(email: string, options?: CallOptions): Promise<void> {
    return this.#post("resend_verification", { email }, options);
  }

  /** Has a link sent by which a new password can be chosen, if there is such an account. */
  forgotPassword(email: string, options?: CallOptions): Promise<void> {
    return this.#post("forgot_password", { email }, options);
  }

  /** Sets a new password with the token of the link that was sent for it. */
  resetPassword(reset: PasswordReset, options?: CallOptions): Promise<void> {
    return this.#post("reset_password", reset, options);
  }

  /** Changes the password of who is signed in; their other sessions end. */
  changePassword(change: PasswordChange, options?: CallOptions): Promise<void> {
    return this.#post("change_password", change, options, "session");
  }

  /** Has a link sent to the new address, where the change is confirmed. */
  changeEmail(change: EmailChange, options?: CallOptions): Promise<void> {
    return this.#post("change_email", change, options, "session");
  }

  /** Confirms a change of address with the token of the link. */
  confirmEmailChange(token: string, options?: CallOptions): Promise<void> {
    return this.#post("confirm_email_change", { token }, options);
  }

  /** What a new password must be. */
  passwordPolicy(options?: CallOptions): Promise<PasswordPolicy> {
    return this.#get("password_policy", "minLength", options);
  }

  /** What each role may do. */
  permissions(options?: CallOptions): Promise<PermissionMatrix> {
    return this.#get("permissions", "actions", options);
  }

  /** The documents that people are asked to agree to. */
  documents(options?: CallOptions): Promise<DocumentList> {
    return this.#get("documents", "items", options);
  }

  #post(
    verb: string,
    json: unknown,
    options?: CallOptions,
    auth: "none" | "session" = "none",
  ): Promise<void> {
    return this.#parts.caller.nothing(`auth.${verb} POST auth/${dashed(verb)}`, options, { auth, json });
  }

  #get<Result>(verb: string, member: keyof Result & string, options?: CallOptions): Promise<Result> {
    return this.#parts.caller.object(`auth.${verb} GET auth/${dashed(verb)}`, member, options, {
      auth: "none",
    });
  }
}

/** @internal Sends the refresh token of a session, or has its cookie sent. */
export function rotate(caller: Caller, stored: Secrets, cookie: boolean): Promise<Tokens> {
  return caller.send("auth.refresh POST auth/refresh", readTokens(cookie), undefined, {
    auth: "none",
    // The same token again within the server's grace is given the same successor, so that a lost answer does no harm.
    repeatable: true,
    ...ofSession(stored, cookie),
  });
}

/** As the verb is written in the address. */
function dashed(verb: string): string {
  return verb.replaceAll("_", "-");
}

type Secrets = Pick<StoredSession, "refreshToken" | "csrfToken">;

function ofSession(
  { refreshToken, csrfToken }: Secrets,
  cookie: boolean,
): { json: { refreshToken: string } } | { headers: { "X-CSRF-Token": string } } {
  return cookie
    ? { headers: { "X-CSRF-Token": csrfToken ?? "" } }
    : { json: { refreshToken: refreshToken ?? "" } };
}

function readTokens(cookie: boolean): Read<Tokens> {
  return async (response, head) => {
    const tokens = await objectWith<Tokens>("accessToken")(response, head);
    const { accessToken, refreshToken, expiresIn, sessionId, user } = tokens;
    const texts = [accessToken, sessionId, user?.userId, cookie ? accessToken : refreshToken];
    if (texts.some((text) => typeof text !== "string" || text === "") || !(expiresIn > 0)) {
      throw unexpected(head, "These are no tokens.");
    }
    return tokens;
  };
}

/** The same, with secrets that are there but not enumerated, and so not printed. */
function unprinted(tokens: Tokens): Tokens {
  const shown = { ...tokens };
  for (const name of Object.keys(shown)) {
    if (name.endsWith("Token")) Object.defineProperty(shown, name, { enumerable: false });
  }
  return shown;
}
