import { describe, expect, test } from "@jest/globals";
import { AuthClient, type AuthClientOptions, SessionExpiredError, type TabMessage } from "../../src/index.js";
import { FakeServer } from "../../src/testing/index.js";
import { FakeClock, settle } from "../support/fake_clock.js";
import { Browser } from "../support/shared_tabs.js";

const CREDENTIALS = { email: "ada@example.com", password: "Correct-Horse-7-Battery" };

/** A server that tells how often it was asked to refresh. */
class CountingServer extends FakeServer {
  refreshes = 0;

  readonly counted: typeof fetch = (input, init) => {
    if (String(input).endsWith("/auth/refresh")) this.refreshes += 1;
    return this.fetch(input, init);
  };
}

class Tabs {
  readonly clock: FakeClock;
  readonly server: CountingServer;
  readonly browser = new Browser();
  readonly told: string[][] = [];
  readonly #options: AuthClientOptions;

  constructor(options: AuthClientOptions = {}, clock = new FakeClock("2026-01-01T12:00:00Z")) {
    this.#options = options;
    this.clock = clock;
    this.server = new CountingServer({ clock });
    this.server.addUser(CREDENTIALS);
  }

  open(options: AuthClientOptions = {}): AuthClient {
    const client = new AuthClient(this.server.url, {
      fetch: this.server.counted,
      clock: this.clock,
      storage: this.browser.storage,
      locks: this.browser.lockManager,
      channel: this.browser.open,
      ...this.#options,
      ...options,
    });
    const told: string[] = [];
    this.told.push(told);
    client.session.subscribe((event) => told.push(event));
    return client;
  }

  /** Lets time pass for a patient clock until something is done. */
  async meanwhile<Result>(work: Promise<Result>): Promise<Result> {
    let done = false;
    const finished = work.finally(() => {
      done = true;
    });
    finished.catch(() => {});
    while (!done) {
      await settle(1);
      if (!done) this.clock.skip();
    }
    return finished;
  }
}

describe.each([
  ["Web Locks", {}, 50],
  ["a lease in the storage", { locks: null }, 15],
])("tabs, by %s", (_, options, count) => {
  test("many share one refresh", async () => {
    const tabs = new Tabs(options, new FakeClock("2026-01-01T12:00:00Z", { patient: true }));
    const clients = Array.from({ length: count }, () => tabs.open());
    await clients[0]?.auth.login(CREDENTIALS);
    for (let hour = 1; hour <= 3; hour++) {
      tabs.clock.advance(3_600_000);
      const users = await tabs.meanwhile(Promise.all(clients.map((client) => client.me.read())));
      expect(new Set(users.map(({ email }) => email))).toEqual(new Set([CREDENTIALS.email]));
      expect(tabs.server.refreshes).toBe(hour);
    }
  });

  test("one signs in and out for all", async () => {
    const tabs = new Tabs(options);
    const [one, other] = [tabs.open(), tabs.open()];
    await one.auth.login(CREDENTIALS);
    await settle();
    expect(other.session.user?.email).toBe(CREDENTIALS.email);
    await other.auth.logout();
    await settle();
    expect(one.session.state).toEqual({ status: "signed_out", user: null, sessionId: null });
    expect(tabs.told).toEqual([
      ["signed_in", "signed_out"],
      ["signed_in", "signed_out"],
    ]);
  });

  test("a session that is over is told once in each", async () => {
    const tabs = new Tabs(options, new FakeClock("2026-01-01T12:00:00Z", { patient: true }));
    const clients = Array.from({ length: 3 }, () => tabs.open());
    const user = await clients[0]?.auth.login(CREDENTIALS);
    await settle();
    tabs.server.revoke({ userId: user?.user.userId ?? "" });
    tabs.clock.advance(3_600_000);
    const failed = await tabs.meanwhile(
      Promise.all(clients.map((client) => client.me.read().catch((error: unknown) => error))),
    );
    expect(failed.filter((error) => error instanceof SessionExpiredError)).toHaveLength(1);
    await settle();
    for (const told of tabs.told) expect(told).toEqual(["signed_in", "session_expired"]);
  });
});

describe("tabs", () => {
  test("copies of a tab, each with a storage of its own, follow each other", async () => {
    const tabs = new Tabs();
    const [one, other] = [new Map<string, string>(), new Map<string, string>()];
    const storage = (items: Map<string, string>): NonNullable<AuthClientOptions["storage"]> => ({
      getItem: (key) => items.get(key) ?? null,
      setItem: (key, value) => items.set(key, value),
      removeItem: (key) => items.delete(key),
    });
    const first = tabs.open({ storage: storage(one) });
    await first.auth.login(CREDENTIALS);
    for (const [key, value] of one) other.set(key, value);
    const second = tabs.open({ storage: storage(other) });
    for (let hour = 0; hour < 4; hour++) {
      tabs.clock.advance(3_600_000);
      await (hour % 2 ? first : second).me.read();
      await settle();
      await (hour % 2 ? second : first).me.read();
    }
    expect(tabs.server.refreshes).toBe(4);
    await second.auth.logout();
    await settle();
    expect(first.session.user).toBeNull();
  });

  test("a message that comes late brings no used tokens back", async () => {
    const tabs = new Tabs();
    const late: (() => void)[] = [];
    const [one, other] = [tabs.open(), tabs.open({ channel: null })];
    const channel = tabs.browser.open(`ntt-auth:${tabs.server.url}`);
    await other.auth.login(CREDENTIALS);
    const key = `ntt-auth:${tabs.server.url}`;
    for (let hour = 0; hour < 3; hour++) {
      const stored = JSON.parse(tabs.browser.items.get(key) ?? "null") as TabMessage["stored"];
      const sessionId = stored?.sessionId ?? null;
      late.push(() => channel.postMessage({ event: "refreshed", stored, sessionId }));
      tabs.clock.advance(3_600_000);
      await other.me.read();
    }
    const newest = tabs.browser.items.get(key);
    for (const message of late) message();
    await settle();
    expect(tabs.browser.items.get(key)).toBe(newest);
    expect((await one.me.read()).email).toBe(CREDENTIALS.email);
  });

  test("a lease whose holder is gone is taken over", async () => {
    const tabs = new Tabs({ locks: null });
    const client = tabs.open();
    await client.auth.login(CREDENTIALS);
    tabs.clock.advance(3_600_000);
    const key = `ntt-auth:${tabs.server.url}:lease`;
    tabs.browser.items.set(key, `${tabs.clock.now() + 10_000} somebody`);
    await client.me.read();
    expect(tabs.browser.items.has(key)).toBe(false);
    // A lease that is longer than any was written by a clock that has been set back since.
    tabs.clock.advance(3_600_000);
    tabs.browser.items.set(key, `${tabs.clock.now() + 86_400_000} somebody`);
    const before = tabs.clock.now();
    await client.me.read();
    expect(tabs.clock.now() - before).toBeLessThan(1000);
  });

  test("without channels, the event of the storage tells", async () => {
    const listeners = new Set<(event: { key: string }) => void>();
    const scope = globalThis as unknown as Record<string, unknown>;
    const kept = { add: scope.addEventListener, remove: scope.removeEventListener };
    scope.addEventListener = (_: string, listener: (event: { key: string }) => void) =>
      listeners.add(listener);
    scope.removeEventListener = (_: string, listener: (event: { key: string }) => void) =>
      listeners.delete(listener);
    try {
      const tabs = new Tabs({ channel: null });
      const [one, other] = [tabs.open(), tabs.open()];
      const changed = async (): Promise<void> => {
        for (const listener of listeners) listener({ key: `ntt-auth:${tabs.server.url}` });
        await settle();
      };
      await one.auth.login(CREDENTIALS);
      await changed();
      expect(other.session.user?.email).toBe(CREDENTIALS.email);
      await one.auth.logout();
      await changed();
      expect(tabs.told[1]).toEqual(["signed_in", "signed_out"]);
      one.close();
      other.close();
      expect(listeners.size).toBe(0);
    } finally {
      scope.addEventListener = kept.add;
      scope.removeEventListener = kept.remove;
    }
  });

  test("in browser mode all follow the one cookie, and a page that is loaded again finds it", async () => {
    const tabs = new Tabs({ mode: "cookie" });
    const open = (options: AuthClientOptions = {}): AuthClient => {
      const items = new Map<string, string>();
      return tabs.open({
        storage: {
          getItem: (key) => items.get(key) ?? null,
          setItem: (key, value) => items.set(key, value),
          removeItem: (key) => items.delete(key),
        },
        ...options,
      });
    };
    const [one, other] = [open(), open()];
    const tokens = await one.auth.login(CREDENTIALS);
    await settle();
    tabs.clock.advance(3_600_000);
    await other.me.read();
    await settle();
    await one.me.read();
    expect(tabs.server.refreshes).toBe(1);
    const scope = globalThis as { document?: unknown };
    const inBrowser = "document" in scope;
    if (!inBrowser) {
      scope.document = { cookie: `a=b; __Host-ntt_csrf=${tokens.csrfToken}` };
      const [reloaded, stranger] = [open({ channel: null }), open({ channel: null })];
      expect((await reloaded.session.restore()).user?.email).toBe(CREDENTIALS.email);
      scope.document = { cookie: "__Host-ntt_csrf=forged" };
      expect((await stranger.session.restore()).status).toBe("signed_out");
      tabs.server.failNext("network", "network", "network");
      await expect(open({ channel: null }).session.restore()).rejects.toThrow("no answer");
      delete scope.document;
    }
  });
});
