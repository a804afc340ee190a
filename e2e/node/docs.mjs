// docs.mjs BASE SCREENSHOT: opens the API documentation, unfolds an operation and tries it out.
import { withPage } from "./browser.mjs";

const [base, screenshot] = process.argv.slice(2);
const seen = await withPage(base, { viewport: { width: 1280, height: 1600 } }, async (page) => {
  const response = await page.goto(`${base}/docs`, { waitUntil: "networkidle" });
  await page.waitForSelector(".opblock");
  const operations = await page.locator(".opblock").count();
  const title = await page.locator(".info .title").innerText();
  const health = page.locator(".opblock", { hasText: "/health" }).first();
  await health.locator(".opblock-summary-control").click();
  await health.locator("button.execute").click();
  const status = await health.locator(".live-responses-table tbody .response-col_status").first().innerText();
  await page.screenshot({ path: screenshot });
  return { operations, title, status, policy: response.headers()["content-security-policy"] };
});
console.log(JSON.stringify(seen));
