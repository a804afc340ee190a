// A project in CommonJS: it can `require()` every part of the package, and its types, too.
import auth = require("ntt-auth-client");
import server = require("ntt-auth-client/server");
import testing = require("ntt-auth-client/testing");
import express = require("ntt-auth-client/express");

async function main(): Promise<void> {
  const client = new testing.FakeAuthClient();
  client.server.addUser({ email: "ada@example.com", password: "Correct-Horse-7-Battery" });
  const tokens = await client.auth.login({ email: "ada@example.com", password: "Correct-Horse-7-Battery" });
  const verifier = new testing.FakeVerifier(client.server);
  const principal: server.Principal = await verifier.verify(tokens.accessToken);
  const handlers = [express.requireUser(verifier), express.requireRole(verifier, "admin")];
  const refused = await client.users.list().catch((error: unknown) => error);
  if (!(refused instanceof auth.ForbiddenError)) throw new Error("the same class, by whichever way");
  process.stdout.write(`${principal.role} ${handlers.length} ${typeof server.TokenVerifier}`);
}

void main();
