// @ts-check
// How many are left: asks the orders how many were ordered.
import express from "express";
import { AuthClient } from "ntt-auth-client";
import { requireUser } from "ntt-auth-client/express";
import { TokenVerifier } from "ntt-auth-client/server";

const {
  NTT_AUTH_URL = "http://127.0.0.1:8080",
  NTT_AUTH_FEED_TOKEN,
  ORDERS_URL,
  PORT = "3002",
} = process.env;
const { SERVICE_EMAIL = "stock@example.com", SERVICE_PASSWORD = "" } = process.env;
const SHELF = 10;

const client = new AuthClient(NTT_AUTH_URL);
const verifier = new TokenVerifier(NTT_AUTH_URL, { feedToken: NTT_AUTH_FEED_TOKEN });
const app = express();

app.get("/stock/:item", requireUser(verifier), async (request, response) => {
  const token = await client.session.accessToken();
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(`${ORDERS_URL}/orders/${encodeURIComponent(request.params.item)}`, { headers });
  if (!answer.ok) throw new Error(`The orders answered ${answer.status}`);
  const { ordered } = await answer.json();
  response.json({ item: request.params.item, left: SHELF - ordered });
});

await verifier.start();
await client.auth.login({ email: SERVICE_EMAIL, password: SERVICE_PASSWORD });
const server = app.listen(Number(PORT), "127.0.0.1", () => {
  const address = server.address();
  console.log(`ready on http://127.0.0.1:${typeof address === "object" ? address?.port : PORT}`);
});

process.once("SIGTERM", async () => {
  server.close();
  server.closeAllConnections();
  await verifier.close();
  await client.auth.logout();
});
