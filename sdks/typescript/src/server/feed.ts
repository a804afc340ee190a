import { unexpected } from "../core/answer.js";
import type { Clock } from "../core/clock.js";
import { NttAuthError } from "../core/errors.js";
import { CursorGoneError } from "../core/problems.js";
import { events, type ServerSentEvent } from "../core/sse.js";
import type { Request, Transport } from "../core/transport.js";
import type { Revocation, RevocationHead, RevocationPage } from "../core/types.js";
import type { RevokedSet } from "./revoked.js";

/** How revocations are followed. */
export interface FeedOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly feedToken: string;
  readonly poll: boolean;
  /** Told of whatever keeps the feed from being followed. */
  readonly onError: (error: unknown) => void;
}

/** Nothing for so long, with heads every ten seconds, is a connection that only looks like one. */
const SILENCE = 25_000;
const LONGEST_WAIT = 30_000;
/** How long a question waits at the server, in seconds. */
const POLL_WAIT = 20;

/** Keeps a set of revocations up to date, in the background, until it is closed. */
export class RevocationFeed {
  readonly #options: FeedOptions;
  readonly #revoked: RevokedSet;
  readonly #closed = new AbortController();
  readonly #waiting = new Set<() => void>();
  #running: Promise<void> | null = null;
  #place: string | null = null;
  #freshAt: number | null = null;
  #retry = 1000;
  #failures = 0;

  constructor(revoked: RevokedSet, options: FeedOptions) {
    this.#revoked = revoked;
    this.#options = options;
  }

  /** How old the knowledge is, in milliseconds; `null` before the first head. */
  get staleness(): number | null {
    return this.#freshAt === null ? null : this.#options.clock.monotonic() - this.#freshAt;
  }

  /** Begins to follow, if it does not yet. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when everything that is in force is known. */
  async ready(signal?: AbortSignal): Promise<void> {
    if (this.#freshAt !== null) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.add(resolve);
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  /** Stops following, and waits until nothing goes on any more. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, random, poll, onError } = this.#options;
    const { signal } = this.#closed;
    while (!signal.aborted) {
      let atLeast = 0;
      try {
        if (poll) await this.#poll();
        else await this.#stream();
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof CursorGoneError) {
          this.#place = null;
          continue;
        }
        onError(error);
        if (error instanceof NttAuthError) atLeast = (error.retryAfter ?? 0) * 1000;
      }
      const wait = Math.min(this.#retry * 2 ** this.#failures++ * (1 + random()), LONGEST_WAIT);
      await clock.sleep(Math.max(wait, atLeast), signal).catch(() => {});
    }
  }

  async #stream(): Promise<void> {
    const { transport, clock, feedToken } = this.#options;
    const silence = new AbortController();
    const stop = (): void => silence.abort();
    this.#closed.signal.addEventListener("abort", stop, { once: true });
    let cancel = clock.after(SILENCE, stop);
    try {
      const request = this.#request("/api/v1/revocations/stream", { after: this.#place }, silence.signal);
      await transport.send(
        { ...request, stream: true, headers: { Accept: "text/event-stream" } },
        feedToken,
        async (response, head) => {
          const type = response.headers.get("content-type") ?? "";
          if (!response.body || !type.startsWith("text/event-stream")) {
            throw unexpected(head, "A stream of events was expected.");
          }
          for await (const event of events(response.body)) {
            cancel();
            cancel = clock.after(SILENCE, stop);
            this.#take(event);
          }
        },
      );
    } finally {
      cancel();
      this.#closed.signal.removeEventListener("abort", stop);
    }
  }

  async #poll(): Promise<void> {
    const { transport, feedToken } = this.#options;
    for (;;) {
      const after = this.#place;
      const query = after === null ? {} : { after, wait: POLL_WAIT };
      const page = await transport.send(
        { ...this.#request("/api/v1/revocations", query, this.#closed.signal), patience: POLL_WAIT * 1000 },
        feedToken,
        async (response) => (await response.json()) as RevocationPage,
      );
      for (const entry of page.entries) this.#revoked.add(entry);
      this.#place = page.nextCursor;
      if (!page.more) this.#fresh(page.head);
    }
  }

  #request(path: string, query: Request["query"], signal: AbortSignal): Request {
    return { operation: "revocations.follow", method: "GET", path, query, repeatable: false, signal };
  }

  #take({ event, id, data, retry }: ServerSentEvent): void {
    if (retry) this.#retry = retry;
    try {
      if (event === "revocation") this.#revoked.add(JSON.parse(data) as Revocation);
      else if (event === "head") this.#fresh(JSON.parse(data) as RevocationHead);
    } catch (error) {
      // It may have been a revocation: everything is asked for again.
      this.#place = null;
      throw error;
    }
    if (id !== null) this.#place = id || null;
  }

  #fresh({ ageMs }: RevocationHead): void {
    const { clock } = this.#options;
    this.#freshAt = clock.monotonic() - ageMs;
    this.#failures = 0;
    this.#revoked.forget(clock.now());
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
