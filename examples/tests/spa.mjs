// spa.mjs BASE AUTH EMAIL PASSWORD: signs in to the React page as a person would, and prints what was seen on the way.
import { withPage } from "../../e2e/node/browser.mjs";
import { json, revokeAll, signIn } from "./person.mjs";

const [base, auth, email, password] = process.argv.slice(2);

const seen = await withPage(base, {}, async (page) => {
  const greeting = page.getByRole("heading", { name: "Hello" });
  const form = page.getByRole("heading", { name: "Sign in" });

  await page.goto(base);
  await form.waitFor();
  await signIn(page, email, "Wrong-Horse-7-Battery");
  const refused = await page.getByRole("alert").textContent();

  await signIn(page, email, password);
  await greeting.waitFor();
  const role = await page.getByText("Only administrators see more.").count();
  await page.getByText("(this one)").waitFor();
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie);

  await page.reload();
  await greeting.waitFor();

  await page.getByRole("button", { name: "Sign out" }).click();
  await form.waitFor();
  await page.reload();
  await form.waitFor();

  await signIn(page, email, password);
  await greeting.waitFor();
  const acknowledged = await revokeAll(auth, email, password);
  await page.reload();
  await form.waitFor();
  return {
    refused,
    role,
    refreshTokenSeen: kept.includes("ntt_rt_"),
    revocation: (Date.now() - acknowledged) / 1000,
  };
});
console.log(json(seen));
