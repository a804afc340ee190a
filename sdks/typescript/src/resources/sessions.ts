import { type Caller, type CallOptions, part } from "../core/caller.js";
import type { SessionList } from "../core/types.js";

/** The open sessions of who is signed in. */
export class Sessions {
  readonly #caller: Caller;

  /** @internal */
  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** All open sessions, last used first. */
  list(options?: CallOptions): Promise<SessionList> {
    return this.#caller.object("sessions.list GET auth/sessions", "items", options);
  }

  /** Ends one of them at once. */
  end(sessionId: string, options?: CallOptions): Promise<void> {
    return this.#caller.nothing(`sessions.end DELETE auth/sessions/${part(sessionId)}`, options);
  }
}
