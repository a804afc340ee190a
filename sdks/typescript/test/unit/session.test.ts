import { describe, expect, test } from "@jest/globals";
import { AuthClient, MemoryStorage, NetworkError, TokenMissingError } from "../../src/index.js";
import { FakeAuthClient, FakeServer } from "../../src/testing/index.js";
import { FakeClock, settle } from "../support/fake_clock.js";

const CREDENTIALS = { email: "ada@example.com", password: "Correct-Horse-7-Battery" };

function signedOut(options: ConstructorParameters<typeof FakeAuthClient>[0] = {}): {
  client: FakeAuthClient;
  clock: FakeClock;
} {
  const clock = new FakeClock("2026-01-01T12:00:00Z");
  const client = new FakeAuthClient({ clock, ...options });
  client.server.addUser(CREDENTIALS);
  return { client, clock };
}

describe("a session", () => {
  test("shows the same state until it is another", async () => {
    const { client } = signedOut();
    let changes = 0;
    const forget = client.session.watch(() => {
      changes += 1;
    });
    expect(client.session.state.status).toBe("loading");
    await client.session.restore();
    await client.session.restore();
    expect([client.session.state.status, changes]).toEqual(["signed_out", 1]);
    await client.auth.login(CREDENTIALS);
    const { state } = client.session;
    await client.me.read();
    expect(client.session.state).toBe(state);
    await client.me.update({ firstName: "Ada" });
    expect([client.session.user?.firstName, changes]).toEqual(["Ada", 3]);
    forget();
    await client.auth.logout();
    expect(changes).toBe(3);
  });

  test("is kept in a storage that takes its time", async () => {
    const items = new Map<string, string>();
    const later = async <Value>(value: Value): Promise<Value> => {
      await settle(1);
      return value;
    };
    const storage = {
      getItem: (key: string) => later(items.get(key) ?? null),
      setItem: (key: string, value: string) => later(items.set(key, value)),
      removeItem: (key: string) => later(items.delete(key)),
    };
    const { client, clock } = signedOut({ storage, channel: null });
    await client.auth.login(CREDENTIALS);
    const { server } = client;
    const again = new FakeAuthClient({ server, storage, clock, channel: null });
    expect((await again.session.restore()).user?.email).toBe(CREDENTIALS.email);
    clock.advance(3_600_000);
    await Promise.all([client.me.read(), again.me.read()]);
    expect([...items.keys()].filter((key) => key.endsWith("lease"))).toEqual([]);
  });

  test("what is no session in a storage is none", async () => {
    for (const text of ["{", "null", '"text"', '{"accessToken":7}', ""]) {
      const storage = new MemoryStorage();
      storage.setItem("ntt-auth:http://auth.fake", text);
      const client = new FakeAuthClient({ storage });
      await expect(client.me.read()).rejects.toThrow(TokenMissingError);
    }
  });

  test("a sign-out during a refresh has the last word", async () => {
    const { client, clock } = signedOut();
    await client.auth.login(CREDENTIALS);
    clock.advance(3_600_000);
    const reading = client.me.read().catch((error: unknown) => error);
    await client.session.drop("signed_out");
    expect(await reading).toBeInstanceOf(TokenMissingError);
    expect((await client.session.restore()).status).toBe("signed_out");
  });

  test("tokens that came from elsewhere are taken up", async () => {
    const { client } = signedOut();
    const tokens = await client.auth.login(CREDENTIALS);
    const other = new FakeAuthClient({ server: client.server });
    const { refreshToken } = tokens;
    await other.session.accept({
      ...tokens,
      accessToken: tokens.accessToken,
      ...(refreshToken && { refreshToken }),
    });
    expect((await other.me.read()).email).toBe(CREDENTIALS.email);
    expect(await other.session.accessToken()).toBe(tokens.accessToken);
  });

  test("a given access token acts, and is never refreshed", async () => {
    const { client, clock } = signedOut();
    const { accessToken } = await client.auth.login(CREDENTIALS);
    const { server } = client;
    const acting = new AuthClient(server.url, { accessToken, fetch: server.fetch, clock });
    expect((await acting.me.read()).email).toBe(CREDENTIALS.email);
    expect((await acting.system.health()).status).toBe("ok");
    clock.advance(3_600_000);
    await expect(acting.me.read()).rejects.toMatchObject({ code: "token_expired" });
    expect((await client.me.read()).email).toBe(CREDENTIALS.email);
  });

  test("a network that is away signs nobody out, however often", async () => {
    const { client, clock } = signedOut();
    await client.auth.login(CREDENTIALS);
    const told: string[] = [];
    client.session.subscribe((event) => told.push(event));
    clock.advance(3_600_000);
    for (let attempt = 0; attempt < 5; attempt++) {
      client.server.failNext("network", "lost_answer", "network");
      await expect(client.me.read()).rejects.toThrow(NetworkError);
    }
    expect((await client.me.read()).email).toBe(CREDENTIALS.email);
    expect(told).toEqual(["refreshed"]);
  });

  test("a stolen refresh token is noticed, and both holders are out", async () => {
    const { client, clock } = signedOut();
    const { refreshToken } = await client.auth.login(CREDENTIALS);
    for (let hour = 0; hour < 2; hour++) {
      clock.advance(3_600_000);
      await client.me.read();
    }
    const body = JSON.stringify({ refreshToken });
    const theft = await client.server.fetch(`${client.url}/api/v1/auth/refresh`, { method: "POST", body });
    expect(((await theft.json()) as { code: string }).code).toBe("refresh_token_reused");
    await expect(client.me.read()).rejects.toMatchObject({ code: "refresh_token_invalid" });
  });

  test("names tell clients of one server apart", async () => {
    const storage = new MemoryStorage();
    const server = new FakeServer();
    server.addUser(CREDENTIALS);
    const [one, other] = ["one", "other"].map((name) => new FakeAuthClient({ server, storage, name }));
    await one?.auth.login(CREDENTIALS);
    expect((await other?.session.restore())?.status).toBe("signed_out");
  });
});
