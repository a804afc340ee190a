import { describe, expect, test } from "@jest/globals";
import feed from "../../../contract/feed.json" with { type: "json" };
import jws from "../../../contract/jws.json" with { type: "json" };
import keys from "../../../contract/keys.json" with { type: "json" };
import { NttAuthError } from "../../src/index.js";
import { TokenVerifier, type TokenVerifierOptions } from "../../src/server/index.js";
import { FakeClock, settle } from "../support/fake_clock.js";
import { ADDRESS } from "./fake_server.js";
import { replay, type VerifierCase } from "./verifier_runner.js";

describe("contract: keys", () => {
  for (const given of keys.cases as unknown as readonly VerifierCase[]) {
    test(given.name, () => replay(given, false));
  }
});

describe("contract: feed", () => {
  for (const given of feed.cases as unknown as readonly VerifierCase[]) {
    test(given.name, () => replay(given, true));
  }
});

interface TokenCase {
  readonly name: string;
  readonly token: string;
  readonly keySet?: keyof typeof jws.keySets;
  readonly algorithms?: TokenVerifierOptions["algorithms"];
  readonly now?: number;
  readonly audience?: string;
  readonly leeway?: number;
  readonly revocations?: readonly object[];
  readonly stale?: true;
  readonly expect: { readonly principal?: object; readonly error?: string };
}

describe("contract: jws", () => {
  for (const given of jws.cases as unknown as readonly TokenCase[]) test(given.name, () => judge(given));

  test.each(jws.refusedAlgorithms)("a verifier that would allow %p is not made", (algorithm) => {
    const algorithms = ["ES256", algorithm] as NonNullable<TokenVerifierOptions["algorithms"]>;
    expect(() => new TokenVerifier(ADDRESS, { algorithms })).toThrow(TypeError);
  });
});

async function judge(given: TokenCase): Promise<void> {
  const { keySet = "default", now = jws.now, revocations, stale, leeway = jws.leeway } = given;
  const followed = revocations !== undefined || stale === true;
  const verifier = new TokenVerifier(ADDRESS, {
    leeway,
    ...(given.algorithms && { algorithms: given.algorithms }),
    ...(given.audience && { audience: given.audience }),
    ...(followed && { feedToken: "feed-token-of-at-least-32-characters" }),
    clock: new FakeClock(now * 1000, { patient: true }),
    fetch: async (input) => {
      if (!String(input).includes("/revocations")) return Response.json(jws.keySets[keySet]);
      const entries = (revocations ?? []).map(
        (entry) => `event: revocation\ndata: ${JSON.stringify(entry)}\n\n`,
      );
      const head =
        'event: head\nid: 1-0\ndata: {"sequence":1,"asOf":"2026-01-01T12:00:00.000Z","ageMs":0}\n\n';
      const text = entries.join("") + (stale ? "" : head);
      return new Response(text, { headers: { "Content-Type": "text/event-stream" } });
    },
  });
  if (followed) {
    void verifier.start();
    await settle();
  }
  const outcome = await verifier.verify(given.token).catch((error: unknown) => error);
  await verifier.close();
  if (given.expect.principal) expect(outcome).toMatchObject(given.expect.principal);
  else {
    expect(outcome).toBeInstanceOf(NttAuthError);
    expect((outcome as NttAuthError).code).toBe(given.expect.error);
  }
}
