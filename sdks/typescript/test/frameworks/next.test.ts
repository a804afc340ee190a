import { describe, expect, test } from "@jest/globals";
import { NextRequest } from "next/server.js";
import { type CookieJar, type CookieOptions, NextAuth } from "../../src/next.js";
import { FakeServer, FakeVerifier } from "../../src/testing/index.js";
import { FakeClock } from "../support/fake_clock.js";

const CREDENTIALS = { email: "ada@example.com", password: "Correct-Horse-7-Battery" };
const SITE = "http://app.test";

class Jar implements CookieJar {
  readonly items = new Map<string, string>();
  readonly options = new Map<string, CookieOptions>();

  get(name: string): { value: string } | undefined {
    const value = this.items.get(name);
    return value === undefined ? undefined : { value };
  }

  set(name: string, value: string, options: CookieOptions): void {
    this.options.set(name, options);
    if (options.maxAge <= 0) this.items.delete(name);
    else this.items.set(name, value);
  }
}

function application(): {
  auth: NextAuth;
  jar: Jar;
  server: FakeServer;
  clock: FakeClock;
  refreshes: () => number;
} {
  const clock = new FakeClock("2026-01-01T12:00:00Z");
  const server = new FakeServer({ clock });
  server.addUser(CREDENTIALS);
  const jar = new Jar();
  let refreshes = 0;
  const auth = new NextAuth(server.url, {
    verifier: new FakeVerifier(server, { list_users: ["admin"] }),
    cookies: async () => jar,
    clock,
    secure: true,
    fetch: (input, init) => {
      if (String(input).endsWith("/refresh")) refreshes += 1;
      return server.fetch(input, init);
    },
  });
  return { auth, jar, server, clock, refreshes: () => refreshes };
}

function request(
  path: string,
  jar?: Jar,
  init: { method?: string; headers?: Record<string, string>; body?: string } = {},
): NextRequest {
  const cookie = [...(jar?.items ?? [])]
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("; ");
  return new NextRequest(`${SITE}${path}`, {
    ...init,
    headers: { ...init.headers, ...(cookie && { cookie }) },
  });
}

describe("Next.js", () => {
  test("signs in and out with a cookie that no script sees", async () => {
    const { auth, jar } = application();
    expect(await auth.currentUser()).toBeNull();
    await expect(auth.requireUser()).rejects.toMatchObject({ code: "token_missing" });
    expect((await auth.login(CREDENTIALS)).email).toBe(CREDENTIALS.email);
    expect(jar.options.get("ntt_session")).toMatchObject({
      httpOnly: true,
      secure: true,
      sameSite: "lax",
      path: "/",
    });
    expect(jar.items.get("ntt_session")?.length).toBeLessThan(3500);
    expect((await auth.currentUser())?.role).toBe("user");
    await expect(auth.requireUser({ role: "admin" })).rejects.toMatchObject({ code: "forbidden" });
    expect((await (await auth.client()).me.read()).email).toBe(CREDENTIALS.email);
    await auth.logout();
    expect(await auth.currentUser()).toBeNull();
    expect([...jar.items.keys()]).toEqual(["ntt_session_device"]);
  });

  test("does so for pages with scripts, of its own origin alone", async () => {
    const { auth, jar } = application();
    const post = (path: string, origin: string, body = ""): Promise<Response> =>
      auth.handlers.POST(request(path, jar, { method: "POST", body, headers: { origin } }));
    const body = JSON.stringify(CREDENTIALS);
    expect((await post("/api/auth/login", "https://elsewhere.test", body)).status).toBe(403);
    const answer = await post("/api/auth/login", SITE, body);
    expect(await answer.json()).toMatchObject({ user: { email: CREDENTIALS.email } });
    expect(jar.items.has("ntt_session")).toBe(true);
    const wrong = await post("/api/auth/login", SITE, JSON.stringify({ ...CREDENTIALS, password: "Wrong" }));
    expect(wrong.status).toBe(401);
    expect((await post("/api/auth/unheard-of", SITE)).status).toBe(404);
    expect((await post("/api/auth/logout", SITE)).status).toBe(204);
    expect(jar.items.has("ntt_session")).toBe(false);
  });

  test("tells route handlers who calls, by cookie or by header", async () => {
    const { auth, jar, server } = application();
    const { userId } = server.addUser({ email: "root@example.com", role: "admin" });
    const handler = auth.route<{ id: number }>((_, principal, { id }) =>
      Response.json({ userId: principal.userId, id }),
    );
    expect((await handler(request("/api/me"), { id: 1 })).status).toBe(401);
    const user = await auth.login(CREDENTIALS);
    expect(await (await handler(request("/api/me", jar), { id: 1 })).json()).toEqual({
      userId: user.userId,
      id: 1,
    });
    const foreign = { method: "POST", headers: { origin: "https://elsewhere.test" } };
    expect((await handler(request("/api/me", jar, foreign), { id: 1 })).status).toBe(403);
    const headers = { authorization: `Bearer ${server.tokenFor(userId)}`, origin: "https://elsewhere.test" };
    const service = await handler(request("/api/me", undefined, { method: "POST", headers }), { id: 2 });
    expect(await service.json()).toEqual({ userId, id: 2 });
    const admins = auth.route(() => new Response("in"), { permission: "list_users" });
    expect((await admins(request("/api/users", jar), {})).status).toBe(403);
    expect((await admins(request("/api/users", undefined, { headers }), {})).status).toBe(200);
  });

  test("refreshes once before pages are made, and hands the new tokens on", async () => {
    const { auth, jar, clock, refreshes } = application();
    await auth.login(CREDENTIALS);
    const middleware = auth.middleware({ protect: ["/account"] });
    expect((await middleware(request("/account", jar))).cookies.getAll()).toEqual([]);
    clock.advance(3_600_000);
    const before = jar.items.get("ntt_session");
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => middleware(request("/account/x", jar))),
    );
    expect(refreshes()).toBe(1);
    for (const answer of answers) {
      const cookie = answer.cookies.get("ntt_session");
      expect(cookie?.value).not.toBe(before);
      expect(answer.headers.get("x-middleware-request-cookie")).toContain("ntt_session=");
      jar.items.set("ntt_session", cookie?.value ?? "");
    }
    expect((await auth.currentUser())?.role).toBe("user");
  });

  test("sends those who are not signed in to the sign-in page, and others away", async () => {
    const { auth, jar, clock, server } = application();
    const middleware = auth.middleware({ protect: ["/account"], requirement: { role: "user" } });
    const away = await middleware(request("/account?tab=2"));
    expect(away.headers.get("location")).toBe(`${SITE}/login?next=%2Faccount%3Ftab%3D2`);
    expect((await middleware(request("/accounting"))).status).toBe(200);
    const user = await auth.login(CREDENTIALS);
    const admins = auth.middleware({ protect: ["/"], requirement: { role: "admin" } });
    expect((await admins(request("/", jar))).status).toBe(403);
    // A server that is away signs nobody out …
    clock.advance(3_600_000);
    server.failNext("network", "network", "network");
    expect((await auth.middleware()(request("/", jar))).cookies.getAll()).toEqual([]);
    // … but a session that is over does.
    server.revoke({ userId: user.userId });
    const over = await middleware(request("/account", jar));
    expect([over.status, over.cookies.get("ntt_session")?.value]).toEqual([307, ""]);
    jar.items.set("ntt_session", "{");
    expect(await auth.currentUser()).toBeNull();
    jar.items.set("ntt_session", JSON.stringify({ accessToken: "another" }));
    expect(await auth.currentUser()).toBeNull();
  });

  test("outside of a request there is no jar", async () => {
    const auth = new NextAuth("http://auth.test", { verifier: new FakeVerifier() });
    await expect(auth.currentUser()).rejects.toThrow();
  });
});
