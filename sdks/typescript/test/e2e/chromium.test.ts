import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type * as Library from "../../src/index.js";
import { type RealServer, startServer } from "../../src/testing/index.js";
import { launch, library, site } from "../browser/bundle.js";
import { PASSWORD } from "../support/real.js";

type PageScope = typeof globalThis & {
  library: typeof Library;
  client: Library.AuthClient;
  told: string[];
};

const PAGES = 50;
const CREDENTIALS = { email: "ada@example.com", password: PASSWORD };

describe("pages in Chromium, and the real server", () => {
  let server: RealServer;
  let browser: Browser;
  let app: { url: string; close: () => Promise<void> };

  beforeAll(async () => {
    app = await site(await library());
    // One site: browsers send the cookie of `localhost` to every port of it.
    server = await startServer({
      settings: { "http.cors_origins": app.url, "tokens.access_ttl": "1h" },
    });
    await server.client.auth.register(CREDENTIALS);
    browser = await launch();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await app?.close();
  }, 60_000);

  const url = (): string => server.url.replace("127.0.0.1", "localhost");

  async function open(context: BrowserContext, mode: "body" | "cookie"): Promise<Page> {
    const page = await context.newPage();
    await page.goto(app.url);
    await page.waitForFunction("globalThis.library", null, { timeout: 20_000 });
    await page.evaluate(
      ({ url, mode }) => {
        const scope = globalThis as PageScope;
        const storage = mode === "body" ? localStorage : sessionStorage;
        scope.client = new scope.library.AuthClient(url, { mode, storage });
        scope.told = [];
        scope.client.session.subscribe((event) => scope.told.push(event));
      },
      { url: url(), mode },
    );
    return page;
  }

  const login = (page: Page): Promise<string | undefined> =>
    page.evaluate(async (credentials) => {
      const { client } = globalThis as PageScope;
      return (await client.auth.login(credentials)).user.email;
    }, CREDENTIALS);

  const read = (page: Page): Promise<string | undefined> =>
    page.evaluate(async () => (await (globalThis as PageScope).client.me.read()).email);

  const told = (page: Page): Promise<string[]> => page.evaluate(() => (globalThis as PageScope).told);

  test(`${PAGES} tabs share one refresh for 24 hours of lost answers, and one sign-out`, async () => {
    const context = await browser.newContext();
    const pages = await Promise.all(Array.from({ length: PAGES }, () => open(context, "body")));
    await login(pages[0] as Page);
    let refreshes = 0;
    let lost = 0;
    await context.route("**/auth/refresh", async (route) => {
      // The server has done it, and the page does not learn of it.
      refreshes += 1;
      if (route.request().method() === "POST" && refreshes % 3 === 0) {
        await route.fetch();
        lost += 1;
        return route.abort("connectionreset");
      }
      return route.continue();
    });
    for (let hour = 0; hour < 24; hour++) {
      await server.advance("61 min");
      const emails = await Promise.all(pages.map(read));
      expect(new Set(emails)).toEqual(new Set([CREDENTIALS.email]));
    }
    expect(lost).toBeGreaterThan(5);
    const [first] = pages as [Page];
    await first.evaluate(() => (globalThis as PageScope).client.auth.logout());
    for (const page of pages) {
      await page.waitForFunction(
        () => (globalThis as PageScope).client.session.state.status === "signed_out",
      );
      const events = await told(page);
      expect(events.filter((event) => event === "session_expired")).toEqual([]);
      expect(events.filter((event) => event === "signed_out")).toHaveLength(1);
    }
    expect(refreshes).toBeLessThanOrEqual(24 * 2);
    await context.close();
  }, 120_000);

  test("in browser mode no script sees the refresh token, and a page that is loaded again goes on", async () => {
    const context = await browser.newContext();
    const [one, other] = [await open(context, "cookie"), await open(context, "cookie")];
    expect(await login(one)).toBe(CREDENTIALS.email);
    const stored = await one.evaluate(() => JSON.stringify(sessionStorage) + document.cookie);
    expect(stored).not.toContain("ntt_rt_");
    await other.waitForFunction(() => (globalThis as PageScope).client.session.state.status === "signed_in");
    for (let hour = 0; hour < 3; hour++) {
      await server.advance("61 min");
      expect(await Promise.all([read(one), read(other)])).toEqual([CREDENTIALS.email, CREDENTIALS.email]);
    }
    await one.reload();
    await one.waitForFunction("globalThis.library");
    const restored = await one.evaluate(async (url) => {
      const { library: own } = globalThis as PageScope;
      const client = new own.AuthClient(url, { mode: "cookie", storage: sessionStorage });
      return (await client.session.restore()).user?.email;
    }, url());
    expect(restored).toBe(CREDENTIALS.email);
    await other.evaluate(() => (globalThis as PageScope).client.auth.logout());
    const refused = await one.evaluate(async (url) => {
      const { library: own } = globalThis as PageScope;
      const client = new own.AuthClient(url, { mode: "cookie", storage: sessionStorage });
      return client.me.read().then(
        () => "read",
        (error: Library.NttAuthError) => error.code,
      );
    }, url());
    expect(refused).toMatch(/token_missing|refresh_token_invalid/);
    await context.close();
  }, 60_000);
});
