import { expect } from "@jest/globals";
import errors from "../../../contract/errors.json" with { type: "json" };
import jws from "../../../contract/jws.json" with { type: "json" };
import { type FakeClock, settle } from "../support/fake_clock.js";
import type { Exchange, ExpectedRequest, GivenResponse, Members } from "./format.js";

export const ADDRESS = "http://auth.test";

const CAUSES: Readonly<Record<string, string>> = {
  dns: "ENOTFOUND",
  connect: "ECONNREFUSED",
  connectTimeout: "UND_ERR_CONNECT_TIMEOUT",
  reset: "ECONNRESET",
};

/** A request, as `fetch` was given it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Headers;
  readonly body: string;
  readonly signal: AbortSignal | undefined;
}

export function seen(input: RequestInfo | URL, init: RequestInit = {}): Seen {
  const address = new URL(String(input));
  expect(init.redirect).toBe("manual");
  return {
    method: init.method ?? "GET",
    path: address.pathname,
    query: Object.fromEntries(address.searchParams),
    headers: new Headers(init.headers),
    body: typeof init.body === "string" ? init.body : "",
    signal: init.signal ?? undefined,
  };
}

/** What differs between a request and what was expected of it; `null` if nothing does. */
export function difference(request: Seen, expected: ExpectedRequest): string | null {
  const wanted = {
    method: expected.method,
    path: expected.path,
    query: expected.query ?? {},
    body: expected.json === undefined ? (expected.text ?? "") : expected.json,
    type: request.body === "" ? null : expected.json === undefined ? undefined : "application/json",
  };
  const got = {
    method: request.method,
    path: request.path,
    query: request.query,
    body: expected.json === undefined ? request.body : JSON.parse(request.body || "null"),
    type: wanted.type === undefined ? undefined : request.headers.get("content-type"),
  };
  try {
    expect(got).toEqual(wanted);
    for (const [name, value] of Object.entries(expected.headers ?? {})) {
      const resolved =
        typeof value === "object" && value !== null
          ? `Bearer ${jws.tokens[value.token as keyof typeof jws.tokens]}`
          : value;
      expect([name, request.headers.get(name)]).toEqual([name, resolved]);
    }
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Answers as a response says, when its time has come. */
export async function answer(response: GivenResponse, request: Seen, clock: FakeClock): Promise<Response> {
  const { failure, after = 0 } = response;
  const aborted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(request.signal?.reason);
    if (request.signal?.aborted) stop();
    request.signal?.addEventListener("abort", stop, { once: true });
  });
  aborted.catch(() => {});
  // An answer that trickles in is not overdue: the time-out of a try is not what these cases are about.
  if (after > 0) clock.drift(after * 1000);
  if (request.signal?.aborted) return aborted;
  if (failure === "timeout") {
    await settle();
    while (!request.signal?.aborted && clock.skip()) await settle();
    return aborted;
  }
  const code = failure && CAUSES[failure];
  if (code) throw new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
  return built(response);
}

function built(response: GivenResponse): Response {
  if (response.problem) return problem(response.problem, response.headers ?? {});
  if (response.keySet !== undefined) {
    const headers: Record<string, string> = { "Content-Type": "application/jwk-set+json" };
    if (response.maxAge !== undefined) headers["Cache-Control"] = `public, max-age=${response.maxAge}`;
    return new Response(JSON.stringify(jws.keySets[response.keySet as keyof typeof jws.keySets]), {
      headers,
    });
  }
  const { status = 200, json, text } = response;
  const headers = new Headers(response.headers);
  if (json !== undefined && !headers.has("content-type")) headers.set("Content-Type", "application/json");
  const body = json === undefined ? text : JSON.stringify(json);
  if (response.failure === "truncated") {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"userId":"0199a6f2'));
        controller.error(new TypeError("terminated", { cause: { code: "UND_ERR_SOCKET" } }));
      },
    });
    return new Response(stream, { status, headers });
  }
  const empty = status === 204 || status === 304;
  // The format writes octets that are no UTF-8 as Latin-1.
  const latin = headers.get("content-type")?.includes("latin-1");
  const octets = latin && body !== undefined ? Uint8Array.from(body, (letter) => letter.charCodeAt(0)) : body;
  return new Response(empty ? null : (octets ?? ""), { status, headers });
}

function problem(given: GivenResponse["problem"] & {}, extra: Readonly<Record<string, string>>): Response {
  const { code, retryAfter, requestId = "req-1", detail = "Because.", ...rest } = given;
  const known = errors.codes[code as keyof typeof errors.codes];
  const headers: Record<string, string> = {
    "Content-Type": "application/problem+json",
    "X-Request-Id": String(requestId),
    ...extra,
  };
  if (retryAfter !== undefined) headers["Retry-After"] = String(retryAfter);
  const { status, title } = known;
  const body = { type: `${ADDRESS}/docs/errors/${code}`, title, status, detail, code, requestId, ...rest };
  return new Response(JSON.stringify(body), { status, headers });
}

/** Expects requests in their order, or as a set, and answers them. */
export class FakeServer {
  readonly requests: Seen[] = [];
  readonly problems: string[] = [];
  readonly #clock: FakeClock;
  readonly #store: (members: Members | null) => Promise<void>;
  #expected: { readonly exchange: Exchange; left: number }[] = [];
  #ordered = true;

  constructor(clock: FakeClock, store: (members: Members | null) => Promise<void> = async () => {}) {
    this.#clock = clock;
    this.#store = store;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const request = seen(input, init);
    this.requests.push(request);
    if (!this.#ordered) await settle();
    const differences: string[] = [];
    for (const entry of this.#expected) {
      if (entry.left === 0) continue;
      const found = difference(request, entry.exchange.request);
      if (found === null) {
        entry.left -= 1;
        const { store } = entry.exchange.response;
        if (store !== undefined) await this.#store(store);
        return answer(entry.exchange.response, request, this.#clock);
      }
      differences.push(found);
      if (this.#ordered) break;
    }
    const told = differences.join("\n") || "nothing more was expected";
    this.problems.push(`${request.method} ${request.path} ${request.body}: ${told}`);
    throw new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } });
  };

  expect(exchanges: readonly Exchange[] = [], ordered = true): void {
    this.#ordered = ordered;
    this.#expected = exchanges.map((exchange) => ({ exchange, left: exchange.times?.[1] ?? 1 }));
  }

  /** Fails unless exactly what was expected came. */
  verify(): void {
    const missing = this.#expected
      .filter(({ exchange, left }) => left > (exchange.times ? exchange.times[1] - exchange.times[0] : 0))
      .map(({ exchange: { request } }) => `${request.method} ${request.path} did not come`);
    expect([...this.problems, ...missing]).toEqual([]);
  }
}
