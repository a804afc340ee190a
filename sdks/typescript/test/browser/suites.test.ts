import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Browser } from "playwright-core";
import { launch, site, suites } from "./bundle.js";
import type { Result } from "./globals.js";

describe("in Chromium", () => {
  let browser: Browser | undefined;
  let results: readonly Result[] = [];

  beforeAll(async () => {
    const { url, close } = await site(await suites());
    browser = await launch();
    const page = await browser.newPage();
    const broken: string[] = [];
    page.on("pageerror", (error) => broken.push(String(error)));
    await page.goto(url);
    await page.waitForFunction("globalThis.runTests", null, { timeout: 20_000 }).catch(() => {
      throw new Error(`the suites were not loaded: ${broken.join("\n")}`);
    });
    results = (await page.evaluate("runTests()")) as readonly Result[];
    await close();
  }, 120_000);

  afterAll(() => browser?.close());

  test("the suites of contract and units pass as in Node", () => {
    expect(results.filter(({ failure }) => failure !== null)).toEqual([]);
    expect(results.length).toBeGreaterThan(650);
  });
});
