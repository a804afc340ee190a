import type { Caller, CallOptions } from "../core/caller.js";
import type { AuditEvent, AuditEventList, AuditQuery } from "../core/types.js";

/** Security events, the newest first. */
export class Audit {
  readonly #caller: Caller;

  /** @internal */
  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** One page of events. */
  list(query?: AuditQuery, options?: CallOptions): Promise<AuditEventList> {
    return this.#caller.object("audit.list GET audit-events", "items", options, { query });
  }

  /** All events that the query finds, page by page. */
  iterate(
    query?: Omit<AuditQuery, "cursor">,
    options?: CallOptions,
  ): AsyncGenerator<AuditEvent, void, undefined> {
    return this.#caller.pages("audit.iterate GET audit-events", options, { query });
  }
}
