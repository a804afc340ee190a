// verify.mjs JWKS_URL ISSUER AUDIENCE ALGORITHM TOKEN: verifies an access token as a service would, with `jose`.
import { createRemoteJWKSet, jwtVerify } from "jose";

const [jwks, issuer, audience, algorithm, token] = process.argv.slice(2);
const { payload, protectedHeader } = await jwtVerify(token, createRemoteJWKSet(new URL(jwks)), {
  issuer,
  audience,
  algorithms: [algorithm],
  typ: "at+jwt",
  requiredClaims: ["sub", "sid", "jti", "iat", "exp"],
});
console.log(JSON.stringify({ payload, protectedHeader }));
