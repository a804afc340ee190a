// A headless Chromium that notes whatever a page complains about or asks of other places.
import { execFileSync } from "node:child_process";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  // A name over plain http: a browser sends no Sec-Fetch-Site there.
  "--host-resolver-rules=MAP auth.test 127.0.0.1",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

function executable() {
  for (const name of NAMES) {
    try {
      return execFileSync("which", [name], { encoding: "utf8" }).trim();
    } catch {
      // The next name, then.
    }
  }
  throw new Error(`none of ${NAMES.join(", ")} is installed`);
}

/** Runs `visit(page)` on a fresh page and returns what it returns, with the complaints and foreign requests of the page. */
export async function withPage(base, options, visit) {
  const browser = await chromium.launch({ executablePath: executable(), args: ARGUMENTS });
  try {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const complaints = [];
    const foreign = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("requestfailed", (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.origin !== new URL(base).origin && !["data:", "blob:"].includes(url.protocol)) foreign.push(url.href);
    });
    const seen = await visit(page);
    return { ...seen, complaints, foreign };
  } finally {
    await browser.close();
  }
}
