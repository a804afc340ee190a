import { describe, expect, test } from "@jest/globals";
import jws from "../../../contract/jws.json" with { type: "json" };
import { ForbiddenError } from "../../src/index.js";
import { Principal, refusal, TokenVerifier, type TokenVerifierOptions } from "../../src/server/index.js";
import { FakeClock, settle } from "../support/fake_clock.js";

const MATRIX = {
  roles: ["admin", "user"],
  actions: [{ action: "list_users", reach: { admin: "all", user: "none" } }],
};

function verifier(options: TokenVerifierOptions = {}): { verifier: TokenVerifier; asked: string[] } {
  const asked: string[] = [];
  const made = new TokenVerifier("http://auth.test/", {
    clock: new FakeClock(jws.now * 1000, { patient: true }),
    fetch: async (input) => {
      const { pathname } = new URL(String(input));
      asked.push(pathname);
      if (pathname.endsWith("/permissions") && asked.length === 2) return Response.json({}, { status: 503 });
      return Response.json(pathname.endsWith("/permissions") ? MATRIX : jws.keySets.default);
    },
    ...options,
  });
  return { verifier: made, asked };
}

describe("a verifier", () => {
  test("asks nothing after its start", async () => {
    const { verifier: own, asked } = verifier();
    await own.start();
    for (let times = 0; times < 3; times++) await own.verify(jws.tokens.ada);
    expect(asked).toEqual(["/.well-known/jwks.json"]);
    expect(own.staleness).toBeNull();
    await own.close();
  });

  test("knows what a role may do, and asks for that once", async () => {
    const { verifier: own, asked } = verifier();
    const principal = await own.verify(jws.tokens.ada);
    const admin = new Principal({ ...principal, role: "admin" });
    await expect(own.permits(principal, "list_users")).rejects.toMatchObject({ status: 503 });
    expect(await own.permits(principal, "list_users")).toBe(false);
    expect(await own.permits(admin, "list_users")).toBe(true);
    expect(await own.permits(admin, "unheard_of")).toBe(false);
    expect(asked).toHaveLength(3);
  });

  test("judges the same without remembering", async () => {
    const { verifier: own } = verifier({ cacheSize: 0 });
    expect(await own.verify(jws.tokens.ada)).toEqual(await own.verify(jws.tokens.ada));
  });

  test("is ready with the first head, unless nobody waits for it any more", async () => {
    const errors: unknown[] = [];
    const { verifier: own } = verifier({ feedToken: "feed", onError: (error) => errors.push(error) });
    const stop = new AbortController();
    const starting = own.start({ signal: stop.signal });
    await settle();
    stop.abort(new Error("enough"));
    await expect(starting).rejects.toThrow("enough");
    // Keys are no stream of events.
    expect(errors).toHaveLength(1);
    await own.close();
  });
});

describe("a principal", () => {
  const principal = new Principal({
    userId: "u",
    sessionId: "s",
    role: "moderator",
    scope: "account billing",
    audience: "a",
    expiresAt: 1,
    version: 1,
    claims: {},
  });

  test("has its role and those below, and its scopes", () => {
    expect([principal.hasRole("admin"), principal.hasRole("moderator"), principal.hasRole("user")]).toEqual([
      false,
      true,
      true,
    ]);
    expect([principal.hasScope("billing"), principal.hasScope("bill")]).toEqual([true, false]);
    principal.requireRole("user");
    principal.requireScope("account");
    expect(() => principal.requireRole("admin")).toThrow(ForbiddenError);
    expect(() => principal.requireScope("bill")).toThrow(ForbiddenError);
  });

  test("what is no refusal is another's to answer", () => {
    expect(refusal(new Error("a defect"))).toBeNull();
  });
});
