import { describe, expect, test } from "@jest/globals";
import {
  type AuthClient,
  type AuthClientOptions,
  NetworkError,
  SessionExpiredError,
} from "../../src/index.js";
import { TokenVerifier } from "../../src/server/index.js";
import { LossyNetwork } from "../support/lossy.js";
import { PASSWORD, realServer } from "../support/real.js";
import { Browser } from "../support/shared_tabs.js";

const server = realServer();
const HOURS = 24;

interface Page {
  readonly client: AuthClient;
  readonly told: string[];
}

function open(count: number, options: AuthClientOptions): Page[] {
  return Array.from({ length: count }, () => {
    const client = server().connect(options);
    const told: string[] = [];
    client.session.subscribe((event) => told.push(event));
    return { client, told };
  });
}

async function account(email: string): Promise<{ email: string; password: string }> {
  await server().client.auth.register({ email, password: PASSWORD });
  return { email, password: PASSWORD };
}

/** Reads until the network lets it. */
async function read(client: AuthClient): Promise<string | undefined> {
  for (;;) {
    try {
      return (await client.me.read()).email;
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
    }
  }
}

describe("tabs of one browser, and a network that loses a fifth of everything", () => {
  test.each([
    ["fifty, by Web Locks", 50, "30 min", true],
    ["ten, by a lease in the storage", 10, "61 min", false],
  ])(
    "%s: nobody is signed out in 24 hours",
    async (name, count, step, byLocks) => {
      const browser = new Browser();
      const network = new LossyNetwork(count, 0.2);
      const credentials = await account(`tabs-${count}@example.com`);
      const pages = open(count, {
        storage: browser.storage,
        channel: browser.open,
        locks: byLocks ? browser.lockManager : null,
        fetch: network.fetch,
        // The waits are shown elsewhere.
        random: () => network.random() / 10,
      });
      for (;;) {
        const signedIn = await pages[0]?.client.auth.login(credentials).catch((error: unknown) => error);
        if (!(signedIn instanceof NetworkError)) break;
      }
      const minutes = Number.parseInt(step, 10);
      for (let passed = 0; passed < HOURS * 60; passed += minutes) {
        await server().advance(step);
        const emails = await Promise.all(pages.map(({ client }) => read(client)));
        expect(new Set(emails)).toEqual(new Set([credentials.email]));
      }
      const told = pages.flatMap((page) => page.told);
      expect(told.filter((event) => event === "session_expired" || event === "signed_out")).toEqual([]);
      expect(told.filter((event) => event === "refreshed").length).toBeGreaterThanOrEqual(HOURS - 1);
      // Ten tabs lose about fifty; which ones depends on who comes first.
      expect(network.lostAnswers).toBeGreaterThanOrEqual(HOURS);
      expect(name).toBeTruthy();
      for (const { client } of pages) client.close();
    },
    120_000,
  );
});

describe("a stolen refresh token", () => {
  test("is caught every time, whoever comes first", async () => {
    const credentials = await account("stolen@example.com");
    const verifier = new TokenVerifier(server().url, {
      feedToken: server().feedToken,
      clock: server().clock,
    });
    await verifier.start();
    for (let hour = 0; hour < HOURS; hour++) {
      const thiefFirst = hour % 2 === 0;
      const [owner] = open(1, {}) as [Page];
      const [thief] = open(1, {}) as [Page];
      const tokens = await owner.client.auth.login(credentials);
      const { refreshToken = "", accessToken } = tokens;
      await thief.client.session.accept({ ...tokens, accessToken, refreshToken });
      const [first, second] = thiefFirst ? [thief, owner] : [owner, thief];
      await first.client.auth.refresh();
      const held = await first.client.session.accessToken();
      await server().advance("61 min");
      const caught = await second.client.me.read().catch((error: unknown) => error);
      expect(caught).toMatchObject({ code: "refresh_token_reused" });
      expect(caught).toBeInstanceOf(SessionExpiredError);
      expect(second.told.at(-1)).toBe("session_expired");
      await expect(first.client.me.read()).rejects.toBeInstanceOf(SessionExpiredError);
      await expect(verifier.verify(held)).rejects.toMatchObject({ status: 401 });
    }
    await verifier.close();
  }, 60_000);
});
