// outbox.mjs BASE SCREENSHOT: reads the newest mail of the outbox in a browser without JavaScript, and follows its links.
import { withPage } from "./browser.mjs";

const [base, screenshot] = process.argv.slice(2);
const seen = await withPage(base, { javaScriptEnabled: false }, async (page) => {
  await page.goto(base);
  await page.locator("a", { hasText: "outbox" }).click();
  await page.locator(".mails a", { hasText: "password was changed" }).click();
  const text = await page.locator(".letter").innerText();
  const frame = page.frameLocator("iframe");
  const html = await frame.locator("body").innerText();
  await page.screenshot({ path: screenshot, fullPage: true });
  const [opened] = await Promise.all([
    page.context().waitForEvent("page"),
    frame.locator(`a[href="${base}"]`).click(),
  ]);
  await opened.waitForLoadState();
  const fromFrame = opened.url();
  await page.locator(".letter a").last().click();
  await page.waitForLoadState();
  return { text, html, fromFrame, fromText: page.url() };
});
console.log(JSON.stringify(seen));
