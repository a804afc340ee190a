import { type Caller, type CallOptions, part } from "../core/caller.js";
import type { Mail, MailList, MailQuery, TestClock, TestReset } from "../core/types.js";

/** What a server in the profile `test` or `development` lets tests do; elsewhere it answers 404. */
export class Testing {
  readonly #caller: Caller;

  /** @internal */
  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** What time it is for the server. */
  clock(options?: CallOptions): Promise<TestClock> {
    return this.#caller.object("testing.clock GET test/clock", "now", options, { auth: "none" });
  }

  /** Lets time pass on the server, as `30 days`, in steps if told so; background work is done after each. */
  advanceClock(
    advance: string,
    step?: { readonly step?: string },
    options?: CallOptions,
  ): Promise<TestClock> {
    return this.#caller.object("testing.advance_clock POST test/clock", "now", options, {
      auth: "none",
      json: { advance, ...step },
    });
  }

  /** Forgets everything and sets the clock back. */
  reset(options?: CallOptions): Promise<TestReset> {
    return this.#caller.object("testing.reset POST test/reset", "setupUrl", options, { auth: "none" });
  }

  /** Mails that were kept, the newest first. */
  listMail(query?: MailQuery, options?: CallOptions): Promise<MailList> {
    return this.#caller.object("testing.list_mail GET outbox", "items", options, { auth: "none", query });
  }

  /** One mail, with its text. */
  readMail(mailId: string, options?: CallOptions): Promise<Mail> {
    return this.#caller.object(`testing.read_mail GET outbox/${part(mailId)}`, "mailId", options, {
      auth: "none",
    });
  }

  /** Throws all kept mail away. */
  clearMail(options?: CallOptions): Promise<void> {
    return this.#caller.nothing("testing.clear_mail DELETE outbox", options, { auth: "none" });
  }
}
