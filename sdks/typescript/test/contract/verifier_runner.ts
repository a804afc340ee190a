import { expect } from "@jest/globals";
import jws from "../../../contract/jws.json" with { type: "json" };
import { NttAuthError } from "../../src/index.js";
import { TokenVerifier, type TokenVerifierOptions } from "../../src/server/index.js";
import { FakeClock, settle } from "../support/fake_clock.js";
import { ADDRESS, answer, difference, type Seen, seen } from "./fake_server.js";
import type { Exchange, ExpectedError, GivenResponse, Members } from "./format.js";

interface VerifyStep {
  readonly verify: string;
  readonly times?: number;
  readonly exchange?: readonly Exchange[];
  readonly expect: { readonly principal?: Members; readonly error?: ExpectedError };
}

type FeedStep = { readonly stream: Exchange } | { readonly poll: Exchange };

type VerifierStep =
  | VerifyStep
  | FeedStep
  | { readonly advance: number }
  | { readonly setClock: string }
  | { readonly events: string }
  | { readonly close: "end" | "reset" }
  | { readonly expect: { readonly staleness: number | null; readonly ready: boolean } };

export interface VerifierCase {
  readonly name: string;
  readonly verifier?: Omit<TokenVerifierOptions, "clock" | "fetch" | "random">;
  readonly steps: readonly VerifierStep[];
}

const KEYS = "/.well-known/jwks.json";
const FEED = "/api/v1/revocations";

/** Replays one case; in `feed.json` the keys are given whenever they are asked for. */
export async function replay(given: VerifierCase, keysAreGiven: boolean): Promise<void> {
  const run = new Run(given, keysAreGiven);
  try {
    for (const step of given.steps) {
      await run.step(step);
      await settle();
    }
    expect(run.problems).toEqual([]);
  } finally {
    await run.close();
  }
}

/** A connection of the feed, which is held until a step answers it. */
interface Held {
  readonly request: Seen;
  readonly respond: (response: Promise<Response>) => void;
}

class Run {
  readonly problems: string[] = [];
  readonly #clock = new FakeClock("2026-01-01T12:00:00Z", { patient: true });
  readonly #verifier: TokenVerifier;
  readonly #keysAreGiven: boolean;
  #expected: Exchange[] = [];
  #held: Held | null = null;
  #stream: ReadableStreamDefaultController<Uint8Array> | null = null;

  constructor({ verifier = {} }: VerifierCase, keysAreGiven: boolean) {
    this.#keysAreGiven = keysAreGiven;
    this.#verifier = new TokenVerifier(ADDRESS, {
      ...verifier,
      clock: this.#clock,
      random: () => 0.5,
      fetch: this.#fetch,
    });
    if (verifier.feedToken) void this.#verifier.start().catch(() => {});
  }

  async step(step: VerifierStep): Promise<void> {
    if ("advance" in step) this.#clock.advance(step.advance * 1000);
    else if ("setClock" in step) this.#clock.set(step.setClock);
    else if ("stream" in step) await this.#connection(step.stream);
    else if ("poll" in step) await this.#connection(step.poll);
    else if ("events" in step) this.#stream?.enqueue(new TextEncoder().encode(step.events));
    else if ("close" in step) this.#end(step.close);
    else if ("verify" in step) await this.#verify(step);
    else {
      const { staleness } = this.#verifier;
      expect(staleness !== null).toBe(step.expect.ready);
      if (step.expect.staleness === null) expect(staleness).toBeNull();
      else expect(staleness).toBeCloseTo(step.expect.staleness, 3);
    }
  }

  async close(): Promise<void> {
    this.#held?.respond(Promise.reject(new TypeError("fetch failed")));
    await this.#verifier.close();
  }

  readonly #fetch: typeof fetch = async (input, init) => {
    const request = seen(input, init);
    if (request.path.startsWith(FEED)) return this.#hold(request);
    const [next] = this.#expected;
    if (!next && this.#keysAreGiven && request.path === KEYS) {
      return answer({ keySet: "default", maxAge: 86_400 }, request, this.#clock);
    }
    const found = next ? difference(request, next.request) : "nothing more was expected";
    if (found === null && next) {
      this.#expected.shift();
      // Others who ask at the same time must find it under way.
      await settle(1);
      return answer(next.response, request, this.#clock);
    }
    this.problems.push(`${request.method} ${request.path}: ${found}`);
    throw new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } });
  };

  #hold(request: Seen): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#held = { request, respond: (response) => response.then(resolve, reject) };
      request.signal?.addEventListener("abort", () => {
        this.#held = null;
        reject(request.signal?.reason);
      });
    });
  }

  async #connection(expected: Exchange): Promise<void> {
    await settle();
    for (let waited = 0; !this.#held && waited < 60; waited += 1) {
      this.#clock.advance(1000);
      await settle(1);
    }
    const held: Held | null = this.#held;
    if (!held) throw new Error("the feed did not connect");
    this.#held = null;
    expect(difference(held.request, expected.request)).toBeNull();
    held.respond(this.#answer(expected.response, held.request));
    await settle();
  }

  async #answer(response: GivenResponse, request: Seen): Promise<Response> {
    if (response.events === undefined) return answer(response, request, this.#clock);
    const text = response.events;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#stream = controller;
        controller.enqueue(new TextEncoder().encode(text));
        request.signal?.addEventListener("abort", () => controller.error(request.signal?.reason));
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  }

  #end(how: "end" | "reset"): void {
    if (how === "end") this.#stream?.close();
    else this.#stream?.error(new TypeError("terminated"));
    this.#stream = null;
  }

  async #verify({ verify, times = 1, exchange = [], expect: expected }: VerifyStep): Promise<void> {
    this.#expected = [...exchange];
    const token = jws.tokens[verify as keyof typeof jws.tokens] ?? verify;
    await Promise.all(Array.from({ length: times }, () => this.#judge(token, expected)));
    expect(this.#expected).toEqual([]);
  }

  async #judge(token: string, { principal, error }: VerifyStep["expect"]): Promise<void> {
    const outcome = await this.#verifier.verify(token).catch((reason: unknown) => reason);
    if (principal) expect(outcome).toMatchObject(principal);
    else {
      expect(outcome).toBeInstanceOf(NttAuthError);
      const { name, code } = outcome as NttAuthError;
      if (error?.class) expect(name).toBe(error.class);
      if (error?.code !== undefined) expect(code).toBe(error.code);
      expect(`${(outcome as Error).stack}${JSON.stringify(outcome)}`).not.toContain(token || "nothing");
    }
  }
}
