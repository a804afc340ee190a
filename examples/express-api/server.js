// @ts-check
import express from "express";
import { optionalUser, principalOf, requireRole, requireUser } from "ntt-auth-client/express";
import { TokenVerifier } from "ntt-auth-client/server";

const { NTT_AUTH_URL = "http://127.0.0.1:8080", NTT_AUTH_FEED_TOKEN, PORT = "3001" } = process.env;

const verifier = new TokenVerifier(NTT_AUTH_URL, { feedToken: NTT_AUTH_FEED_TOKEN });
const app = express();

app.get("/", optionalUser(verifier), (request, response) => {
  response.json({ hello: request.principal?.userId ?? "stranger" });
});

app.get("/notes", requireUser(verifier), (request, response) => {
  response.json({ owner: principalOf(request).userId, notes: ["Buy milk"] });
});

app.delete("/notes", requireRole(verifier, "admin"), (_request, response) => {
  response.status(204).end();
});

// Tokens can be judged from here on; until then there would be nothing but 503.
await verifier.start();
const server = app.listen(Number(PORT), "127.0.0.1", () => {
  const address = server.address();
  console.log(`ready on http://127.0.0.1:${typeof address === "object" ? address?.port : PORT}`);
});

process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
  void verifier.close();
});
