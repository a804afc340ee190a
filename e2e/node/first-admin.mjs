// first-admin.mjs BASE LINK EMAIL PASSWORD SCREENSHOT: creates the first administrator in a browser without JavaScript.
import { withPage } from "./browser.mjs";

const [base, link, email, password, screenshot] = process.argv.slice(2);
const seen = await withPage(base, { javaScriptEnabled: false }, async (page) => {
  await page.goto(link);
  await page.locator("input[name=email]").fill(email);
  for (const field of await page.locator("input[type=password]").all()) await field.fill(password);
  await page.screenshot({ path: screenshot });
  const [response] = await Promise.all([
    page.waitForResponse((candidate) => candidate.request().method() === "POST"),
    page.locator("button[type=submit]").click(),
  ]);
  await page.waitForLoadState();
  return { status: response.status(), text: await page.locator("body").innerText() };
});
console.log(JSON.stringify(seen));
