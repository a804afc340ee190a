// next.mjs BASE AUTH EMAIL PASSWORD: uses the Next.js application as a person would, and prints what was seen on the way.
import { withPage } from "../../e2e/node/browser.mjs";
import { json, revokeAll, signIn } from "./person.mjs";

const [base, auth, email, password] = process.argv.slice(2);

const seen = await withPage(base, {}, async (page) => {
  const greeting = page.getByRole("heading", { name: "Hello" });
  const notes = async (method) =>
    page.evaluate(async (method) => (await fetch("/api/notes", { method })).status, method);

  await page.goto(`${base}/account`);
  const sentTo = new URL(page.url());
  await signIn(page, email, "Wrong-Horse-7-Battery");
  const refused = await page.getByRole("main").getByRole("alert").textContent();
  const before = await notes("GET");

  await signIn(page, email, password);
  await greeting.waitFor();
  const path = new URL(page.url()).pathname;
  const role = await page.getByText("Only administrators see more.").count();
  const scripts = await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage }));
  const cookies = await page.context().cookies();
  const session = cookies.find(({ name }) => name === "ntt_session");
  const mine = await notes("GET");
  const forbidden = await notes("DELETE");

  const acknowledged = await revokeAll(auth, email, password);
  while ((await notes("GET")) !== 401)
    if (Date.now() - acknowledged > 30_000) throw new Error("it is not honoured");
  const revocation = (Date.now() - acknowledged) / 1000;
  await page.reload();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();

  await signIn(page, email, password);
  await greeting.waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("link", { name: "Sign in" }).waitFor();
  const after = await notes("GET");
  return {
    sentTo: sentTo.pathname + sentTo.search,
    refused,
    path,
    role,
    scripts,
    httpOnly: session?.httpOnly,
    secure: session?.secure,
    statuses: { before, mine, forbidden, after },
    revocation,
  };
});
console.log(json(seen));
