import { describe, expect, test } from "@jest/globals";
import { MemoryStorage } from "../../src/index.js";
import { TokenVerifier } from "../../src/server/index.js";
import { FakeAuthClient } from "../../src/testing/index.js";

const CREDENTIALS = { email: "ada@example.com", password: "Correct-Horse-7-Battery" };
const SECRETS = /fake\.access|ntt_rt_|ntt_dt_|csrf-fake|Horse|feed-token|metrics-token/;

/** Everything that a log or a report could make of a value. */
async function printed(value: unknown): Promise<string> {
  const texts = [JSON.stringify(value), value instanceof Error ? `${value} ${value.stack}` : ""];
  const node = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process;
  const util = node?.getBuiltinModule?.("node:util") as
    | { inspect(value: unknown, options: object): string }
    | undefined;
  if (util) texts.push(util.inspect(value, { depth: 12, showHidden: false, getters: true }));
  return texts.join("\n");
}

describe("secrets are not printed", () => {
  test("by a client, its session, its storage, or what a sign-in gives", async () => {
    const storage = new MemoryStorage();
    const client = new FakeAuthClient({
      storage,
      feedToken: "feed-token-of-a-service-0123456789",
      metricsToken: "metrics-token-of-a-service",
    });
    client.server.addUser(CREDENTIALS);
    const tokens = await client.auth.login(CREDENTIALS);
    const { server, ...rest } = client;
    for (const value of [
      rest,
      client.session,
      client.session.state,
      client.auth,
      client.users,
      storage,
      tokens,
    ]) {
      expect(await printed(value)).not.toMatch(SECRETS);
    }
    expect(tokens.accessToken).toMatch(SECRETS);
    expect(tokens.refreshToken).toMatch(SECRETS);
    expect(await printed(await client.auth.refresh())).not.toMatch(SECRETS);
  });

  test("by a verifier", async () => {
    const verifier = new TokenVerifier("http://auth.test", {
      feedToken: "feed-token-of-a-service-0123456789",
    });
    expect(await printed(verifier)).not.toMatch(SECRETS);
  });

  test("by errors", async () => {
    const client = new FakeAuthClient();
    client.server.addUser(CREDENTIALS);
    await client.auth.login(CREDENTIALS);
    client.server.failNext("network", "lost_answer", { code: "internal", status: 500 });
    const wrong = { email: CREDENTIALS.email, password: "Wrong-Horse-7-Battery" };
    for (let attempt = 0; attempt < 3; attempt++) {
      const error = await client.auth.login(wrong).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect(await printed(error)).not.toMatch(SECRETS);
    }
  });
});
