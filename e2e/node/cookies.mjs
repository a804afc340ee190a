// Signs in with cookies in a real browser, refreshes in two tabs, and has a page of another origin try the same.
// usage: cookies.mjs BASE EMAIL PASSWORD
import { createServer } from "node:http";
import { withPage } from "./browser.mjs";

const [base, email, password] = process.argv.slice(2);

/** Asks the API from within a page, with the cookies of the browser. */
const ask = (page, path, options) =>
  page.evaluate(
    async ({ url, options }) => {
      try {
        const answer = await fetch(url, { method: "POST", credentials: "include", ...options });
        const text = await answer.text();
        return { status: answer.status, body: text === "" ? null : JSON.parse(text) };
      } catch (error) {
        return { status: 0, body: String(error) };
      }
    },
    { url: new URL(path, base).href, options },
  );

const json = (body) => ({ headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
const proof = (token) => ({ headers: { "x-csrf-token": token } });

const other = createServer((_, answer) => answer.setHeader("content-type", "text/html").end("<title>other</title>"));
await new Promise((listening) => other.listen(0, "127.0.0.1", listening));
const elsewhere = `http://localhost:${other.address().port}/`;

const seen = await withPage(base, {}, async (first) => {
  // The documentation is the page of this origin whose policy lets it ask the API.
  await first.goto(new URL("/docs", base).href);
  const second = await first.context().newPage();
  await second.goto(new URL("/docs", base).href);
  const signedIn = await ask(first, "/api/v1/auth/login", json({ email, password, session: "cookie" }));
  const token = signedIn.body.csrfToken;
  const jar = await first.context().cookies();
  const scripts = await first.evaluate(() => document.cookie);
  const stored = await first.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
  const tabs = await Promise.all([first, second].map((page) => ask(page, "/api/v1/auth/refresh", proof(token))));
  const unproven = await ask(first, "/api/v1/auth/refresh", {});

  const stranger = await first.context().newPage();
  await stranger.goto(elsewhere);
  const read = await ask(stranger, "/api/v1/auth/refresh", proof(token));
  const blind = await ask(stranger, "/api/v1/auth/logout", { mode: "no-cors" });
  const signIn = await ask(stranger, "/api/v1/auth/login", json({ email, password, session: "cookie" }));

  const still = await ask(second, "/api/v1/auth/refresh", proof(token));
  const out = await ask(first, "/api/v1/auth/logout", proof(token));
  const after = (await first.context().cookies()).map((cookie) => cookie.name);
  const over = await ask(second, "/api/v1/auth/refresh", proof(token));
  return {
    signedIn: { status: signedIn.status, names: Object.keys(signedIn.body) },
    jar: jar.map(({ name, httpOnly, secure, sameSite, path }) => ({ name, httpOnly, secure, sameSite, path })),
    scripts,
    stored,
    tabs: tabs.map((answer) => answer.status),
    unproven: [unproven.status, unproven.body.code],
    stranger: [read.status, blind.status, signIn.status],
    still: still.status,
    out: out.status,
    after,
    over: over.status,
  };
});
other.close();
console.log(JSON.stringify(seen));
