import { expect } from "@jest/globals";
import operations from "../../../contract/operations.json" with { type: "json" };
import * as library from "../../src/index.js";
import { AuthClient, MemoryStorage, NttAuthError } from "../../src/index.js";
import { FakeClock } from "../support/fake_clock.js";
import { ADDRESS, FakeServer } from "./fake_server.js";
import type { CallStep, ClientCase, Expectation, ExpectedError, Json, Members, Operation } from "./format.js";

const TOLD = ["signed_in", "refreshed", "signed_out", "session_expired"];
const SECRET = /access-\d|refresh-\d|csrf-\d|ntt_\w\w_|Horse/;
const KEY = `ntt-auth:${ADDRESS}`;
const table = operations.operations as unknown as Readonly<Record<string, Operation>>;

const CLASSES = new Map<string, unknown>(Object.entries(library));

type Verb = (...given: unknown[]) => Promise<unknown> | AsyncIterable<unknown>;

/** Replays one case. */
export async function replay(given: ClientCase): Promise<void> {
  const run = new Run(given);
  await run.store(given.client?.signedIn ?? null, true);
  for (const step of given.steps) {
    if ("advance" in step) run.clock.advance(step.advance * 1000);
    else if ("setClock" in step) run.clock.set(step.setClock);
    else if ("store" in step) await run.store(step.store);
    else if ("parallel" in step) await run.parallel(step);
    else await run.call(step);
  }
}

class Run {
  readonly clock: FakeClock;
  readonly #server: FakeServer;
  readonly #storage = new MemoryStorage();
  readonly #client: AuthClient;
  readonly #cookie: boolean;
  readonly #told: string[] = [];

  constructor({ client = {} }: ClientCase) {
    const { now = "2026-01-01T12:00:00Z", random = 0.5, mode = "body", feedToken, metricsToken } = client;
    this.clock = new FakeClock(now);
    this.#server = new FakeServer(this.clock, (members) => this.store(members));
    this.#cookie = mode === "cookie";
    this.#client = new AuthClient(ADDRESS, {
      mode,
      storage: this.#storage,
      clock: this.clock,
      random: () => random,
      fetch: this.#server.fetch,
      // A lease would sleep, and the waits are what is looked at.
      locks: { request: (_name: string, work: unknown) => (work as () => Promise<never>)() },
      channel: null,
      ...(feedToken !== undefined && { feedToken }),
      ...(metricsToken !== undefined && { metricsToken }),
    });
    this.#client.session.subscribe((event) => {
      if (TOLD.includes(event)) this.#told.push(event);
    });
  }

  async store(members: Members | null, first = false): Promise<void> {
    if (members === null) {
      if (!first) this.#storage.removeItem(KEY);
      return;
    }
    const { accessToken, refreshToken, expiresIn, refreshExpiresIn, sessionId, user } = {
      ...operations.samples.tokens,
      ...members,
    } as typeof operations.samples.tokens;
    const now = this.clock.now();
    const stored = {
      accessToken,
      ...(this.#cookie ? { csrfToken: members.csrfToken } : { refreshToken }),
      expiresAt: now + expiresIn * 1000,
      lifetime: expiresIn * 1000,
      refreshExpiresAt: now + refreshExpiresIn * 1000,
      sessionId,
      user,
    };
    this.#storage.setItem(KEY, JSON.stringify(stored));
  }

  async call(step: CallStep): Promise<void> {
    this.#begin();
    this.#server.expect(step.exchange);
    await this.#outcome(step);
    this.#server.verify();
    this.#looksRight();
    this.#after(step.expect);
  }

  async parallel(step: {
    parallel: readonly CallStep[];
    exchange?: CallStep["exchange"];
    expect?: Expectation;
  }): Promise<void> {
    this.#begin();
    this.#server.expect(step.exchange, false);
    await Promise.all(step.parallel.map((call) => this.#outcome(call)));
    this.#server.verify();
    this.#looksRight();
    this.#after(step.expect);
  }

  #begin(): void {
    this.#told.length = 0;
    this.clock.slept.length = 0;
    this.#server.requests.length = 0;
  }

  async #outcome({ call, arguments: given = {}, expect: expected = {} }: CallStep): Promise<void> {
    let result: unknown;
    try {
      result = await this.#operation(call, given);
    } catch (error) {
      if (!(error instanceof NttAuthError) || !expected.error) throw error;
      this.#expectError(error, expected.error);
      return;
    }
    expect(expected.error).toBeUndefined();
    if (expected.result === null) expect(result ?? null).toBeNull();
    else if (typeof expected.result === "object") expect(result).toMatchObject(expected.result as object);
    else if (expected.result !== undefined) expect(result).toEqual(expected.result);
  }

  async #operation(call: string, given: Members): Promise<unknown> {
    const [noun = "", verb = ""] = call.split(".");
    const operation = table[call];
    if (!operation) throw new Error(`${call} is not in the table`);
    const places = operation.positional.map((name) => name.replace("?", ""));
    const positional: unknown[] = places.map((name) => given[name]);
    const options = Object.fromEntries(Object.entries(given).filter(([name]) => !places.includes(name)));
    if (operation.options.length > 0 && Object.keys(options).length > 0) positional.push(options);
    const resource = this.#client[noun as "auth"] as unknown as Readonly<Record<string, Verb>>;
    const name = verb.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    const outcome = resource[name]?.(...positional);
    if (outcome === undefined) throw new Error(`the client has no ${noun}.${name}`);
    if (!(Symbol.asyncIterator in outcome)) return outcome;
    const items: unknown[] = [];
    for await (const item of outcome) items.push(item);
    return items;
  }

  #expectError(error: NttAuthError, expected: ExpectedError): void {
    const { class: name, group, requestId, ...members } = expected;
    if (name) expect([name].flat()).toContain(error.name);
    expect(error.constructor).toBe(CLASSES.get(error.name));
    if (group) expect(error).toBeInstanceOf(CLASSES.get(group));
    if (typeof requestId === "object" && requestId) {
      expect(error.requestId).toBe(this.#server.requests.at(-1)?.headers.get("x-request-id"));
    } else if (requestId !== undefined) expect(error.requestId).toBe(requestId);
    for (const [member, value] of Object.entries(members)) {
      const got = error[member as keyof NttAuthError];
      if (typeof value === "number") expect(got).toBeCloseTo(value, 3);
      else expect({ [member]: got }).toEqual({ [member]: value });
    }
    expect(error.hint.length).toBeGreaterThanOrEqual(10);
    expect(`${error.stack}${JSON.stringify(error)}${error}`).not.toMatch(SECRET);
  }

  /** What holds for every request of every case. */
  #looksRight(): void {
    const ids = new Map<string, Set<string>>();
    const agents = new Set<string | null>();
    for (const { method, path, query, headers } of this.#server.requests) {
      const id = headers.get("x-request-id") ?? "";
      expect(id).toMatch(/^[\w.-]{1,128}$/);
      ids.set(id, (ids.get(id) ?? new Set()).add(`${method} ${path}`));
      agents.add(headers.get("user-agent"));
      expect(`${path}${JSON.stringify(query)}`).not.toMatch(
        /access-|refresh-|csrf-|ntt_|Horse|feed-token|metrics-token/,
      );
    }
    expect(agents.size).toBeLessThanOrEqual(1);
    for (const requests of ids.values()) expect(requests.size).toBe(1);
  }

  #after(expected: Expectation = {}): void {
    if (expected.tokens !== undefined) {
      const text = this.#storage.getItem(KEY);
      const stored = text === null ? null : (JSON.parse(text) as Record<string, Json>);
      const { deviceToken, ...tokens } = expected.tokens ?? {};
      if (expected.tokens === null) expect(stored).toBeNull();
      else if (Object.keys(tokens).length > 0) expect(stored).toMatchObject(tokens as object);
      if (deviceToken !== undefined) expect(this.#storage.getItem(`${KEY}:device`)).toBe(deviceToken);
    }
    if (expected.told) expect(this.#told).toEqual(expected.told);
    if (expected.slept) {
      expect(this.clock.slept.map((wait) => Math.round(wait * 1000) / 1000)).toEqual(expected.slept);
    }
  }
}
