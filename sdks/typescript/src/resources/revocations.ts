import { unexpected } from "../core/answer.js";
import type { Authorization, Caller, CallOptions } from "../core/caller.js";
import { events, type ServerSentEvent } from "../core/sse.js";
import type { RevocationPage, RevocationQuery } from "../core/types.js";

/** What was revoked, for services that validate tokens by themselves; `TokenVerifier` of `ntt-auth-client/server` follows it. */
export class Revocations {
  readonly #caller: Caller;
  readonly #auth: Authorization;

  /** @internal */
  constructor(caller: Caller, feedToken: string | null) {
    this.#caller = caller;
    this.#auth = feedToken === null ? "session" : { bearer: feedToken };
  }

  /**
   * Everything in force, or what came after a place. With `wait`, the answer comes when there is an entry.
   * @throws CursorGoneError if the place is not known any more: ask again without `after`
   */
  list(query?: RevocationQuery, options?: CallOptions): Promise<RevocationPage> {
    return this.#caller.object("revocations.list GET revocations", "entries", options, {
      auth: this.#auth,
      query,
      patience: (query?.wait ?? 0) * 1000,
    });
  }

  /** The events of the stream, as they come, until the server ends it or the loop is left. */
  async *follow(
    place?: { readonly after?: string },
    options?: CallOptions,
  ): AsyncGenerator<RevocationEvent, void, undefined> {
    const body = await this.#caller.send(
      "revocations.follow GET revocations/stream",
      async (response, head) => {
        const type = response.headers.get("content-type") ?? "";
        if (!response.body || !type.startsWith("text/event-stream")) {
          throw unexpected(head, "A stream of events was expected.");
        }
        return response.body;
      },
      options,
      { auth: this.#auth, query: place, headers: { Accept: "text/event-stream" } },
    );
    for await (const event of events(body, options?.signal)) {
      yield { ...event, data: JSON.parse(event.data) as unknown };
    }
  }
}

/** An event of the stream of revocations, its data read as JSON. */
export interface RevocationEvent extends Omit<ServerSentEvent, "data"> {
  readonly data: unknown;
}
