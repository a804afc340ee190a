import { describe, expect, test } from "@jest/globals";
import type { NttAuthError } from "../../src/index.js";
import { TokenVerifier } from "../../src/server/index.js";
import { PASSWORD, percentile, realServer } from "../support/real.js";

const server = realServer({ settings: { "database.url": "" } });

function verifier(): TokenVerifier {
  return new TokenVerifier(server().url, { feedToken: server().feedToken, clock: server().clock });
}

async function until<Value>(ask: () => Promise<Value | null>): Promise<Value> {
  for (;;) {
    const value = await ask();
    if (value !== null) return value;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe("a service that validates by itself", () => {
  test("fails no validation while keys rotate each minute for an hour", async () => {
    const client = server().connect();
    await client.auth.register({ email: "ada@example.com", password: PASSWORD });
    await client.auth.login({ email: "ada@example.com", password: PASSWORD });
    const own = verifier();
    await own.start();
    const tokens = [await client.session.accessToken()];
    const failures: unknown[] = [];
    let validations = 0;
    let going = true;
    const load = async (): Promise<void> => {
      for (let turn = 0; going; turn++) {
        const token = tokens[turn % tokens.length] ?? "";
        await own.verify(token).catch((error: unknown) => failures.push(error));
        validations += 1;
        if (turn % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const loads = Promise.all([load(), load(), load(), load()]);
    try {
      for (let minute = 0; minute < 59; minute++) {
        const signing = (await client.system.jwks()).keys.map(({ kid }) => kid).join();
        await server().command("keys", "rotate", "--force");
        await until(async () => {
          const now = (await client.system.jwks()).keys.map(({ kid }) => kid).join();
          return now === signing ? null : now;
        });
        await client.auth.refresh();
        tokens.push(await client.session.accessToken());
        await own.verify(tokens.at(-1) ?? "");
        await server().advance("1 min");
      }
    } finally {
      going = false;
      await loads;
    }
    const keys = new Set(tokens.map((token) => JSON.parse(atob(token.split(".")[0] ?? "")).kid as string));
    expect(keys.size).toBeGreaterThan(50);
    expect(failures).toEqual([]);
    expect(validations).toBeGreaterThan(5000);
    await own.close();
  }, 120_000);

  test("refuses within a second what was revoked", async () => {
    const own = verifier();
    await own.start();
    const client = server().connect();
    await client.auth.register({ email: "grace@example.com", password: PASSWORD });
    const delays: number[] = [];
    for (let time = 0; time < 100; time++) {
      await client.auth.login({ email: "grace@example.com", password: PASSWORD });
      const token = await client.session.accessToken();
      await own.verify(token);
      const begun = performance.now();
      await client.auth.logout();
      const error = await until(() =>
        own.verify(token).then(
          () => null,
          (reason: unknown) => reason,
        ),
      );
      delays.push(performance.now() - begun);
      expect((error as NttAuthError).code).toBe("token_revoked");
    }
    expect(percentile(delays, 99)).toBeLessThanOrEqual(1000);
    await own.close();
  }, 60_000);
});
