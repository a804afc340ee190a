// What every runtime must be able to do: sign in, be refreshed, and judge a token by keys and revocations, on the real server.
import { AuthClient, InvalidCredentialsError } from "../../../dist/index.js";
import { authenticate, TokenVerifier } from "../../../dist/server/index.js";

/** Gives `ok`, or throws. */
export async function smoke(url, feedToken, email, password) {
  const client = new AuthClient(url);
  const wrong = await client.auth.login({ email, password: "Wrong-Horse-7-Battery" }).catch((error) => error);
  if (!(wrong instanceof InvalidCredentialsError)) throw wrong;
  await client.auth.login({ email, password });
  await client.auth.refresh();
  if ((await client.me.read()).email !== email) throw new Error("somebody else is signed in");
  const verifier = new TokenVerifier(url, { feedToken });
  await verifier.start();
  const token = await client.session.accessToken();
  const principal = await authenticate(verifier, `Bearer ${token}`, { role: "user" });
  if (principal.sessionId !== client.session.state.sessionId)
    throw new Error("the token is of another session");
  await client.auth.logout();
  for (;;) {
    const error = await verifier.verify(token).catch((reason) => reason);
    if (error.code === "token_revoked") break;
    if (error instanceof Error) throw error;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await verifier.close();
  client.close();
  return "ok";
}
