// page.mjs BASE URL LANGUAGE SHOTS FILLED: opens a page in a browser without JavaScript, and for each object of the JSON list
// FILLED fills in its fields by name and presses the button. Every page on the way is photographed: wide and narrow, light
// and dark, under the name SHOTS.
import { withPage } from "./browser.mjs";

const [base, url, locale, shots, filled] = process.argv.slice(2);
const SIZES = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } };

const seen = await withPage(base, { javaScriptEnabled: false, locale }, async (page) => {
  const steps = [];
  const note = async (response) => {
    await page.waitForLoadState();
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: `${shots}-${steps.length}-${size}-${colorScheme}.png`, fullPage: true });
      }
    }
    const inputs = await page.locator("input:not([type=hidden])").all();
    steps.push({
      status: response.status(),
      path: new URL(page.url()).pathname,
      lang: await page.locator("html").getAttribute("lang"),
      title: await page.locator("h1").innerText(),
      text: await page.locator("main").innerText(),
      overflows: await page.locator("html").evaluate((root) => root.scrollWidth > root.clientWidth),
      inputs: await Promise.all(
        inputs.map(async (input) => ({
          type: await input.getAttribute("type"),
          autocomplete: await input.getAttribute("autocomplete"),
          value: await input.inputValue(),
        })),
      ),
    });
  };
  await note(await page.goto(url));
  for (const fields of JSON.parse(filled)) {
    for (const [name, value] of Object.entries(fields)) await page.locator(`input[name=${name}]`).fill(value);
    const [response] = await Promise.all([
      page.waitForResponse((candidate) => candidate.request().method() === "POST"),
      page.locator("button[type=submit]").click(),
    ]);
    await note(response);
  }
  return { steps };
});
console.log(JSON.stringify(seen));
