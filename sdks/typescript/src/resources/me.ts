import { type Caller, type CallOptions, part } from "../core/caller.js";
import type { Session } from "../core/session.js";
import type { Consent, ConsentList, ProfileChange, User, UserExport } from "../core/types.js";

/** The account of who is signed in. */
export class Me {
  readonly #caller: Caller;
  readonly #session: Session;

  /** @internal */
  constructor(caller: Caller, session: Session) {
    this.#caller = caller;
    this.#session = session;
  }

  /** Reads the account. */
  async read(options?: CallOptions): Promise<User> {
    return this.#learnt(await this.#caller.object<User>("me.read GET users/me", "userId", options));
  }

  /** Changes the profile: a field left out is kept, `null` clears it. */
  async update(change: ProfileChange, options?: CallOptions): Promise<User> {
    return this.#learnt(
      await this.#caller.object<User>("me.update PATCH users/me", "userId", options, { json: change }),
    );
  }

  /** Deletes the account, which an administrator can restore for a while, and signs out. */
  async delete(options?: CallOptions): Promise<void> {
    // If it was done, a second try would be refused for want of a session.
    await this.#caller.nothing("me.delete DELETE users/me", options, { repeatable: false });
    await this.#session.drop("signed_out");
  }

  /** Erases the account for good, and signs out. */
  async erase(erasure: { readonly currentPassword: string }, options?: CallOptions): Promise<void> {
    await this.#caller.nothing("me.erase POST users/me/erase", options, { json: erasure });
    await this.#session.drop("signed_out");
  }

  /** Everything that is held on the account. */
  export(options?: CallOptions): Promise<UserExport> {
    return this.#caller.object("me.export GET users/me/export", "profile", options);
  }

  /** Every consent that was given, withdrawn ones too. */
  listConsents(options?: CallOptions): Promise<ConsentList> {
    return this.#caller.object("me.list_consents GET users/me/consents", "items", options);
  }

  /** Agrees to a document in its version, as `terms:2026-01`. */
  giveConsent(document: string, options?: CallOptions): Promise<Consent> {
    return this.#caller.object("me.give_consent POST users/me/consents", "consentId", options, {
      json: { document },
    });
  }

  /** Withdraws the consent to a document, as `terms`. */
  withdrawConsent(document: string, options?: CallOptions): Promise<void> {
    return this.#caller.nothing(`me.withdraw_consent DELETE users/me/consents/${part(document)}`, options);
  }

  async #learnt(user: User): Promise<User> {
    await this.#session.keepUser(user);
    return user;
  }
}
