import { ROLES } from "../core/roles.js";
import type { Role } from "../core/types.js";
import { decode, isBase64url } from "./base64url.js";
import { type StrictObject, strictObject } from "./json.js";
import { Principal } from "./principal.js";

/** The longest token that is looked at, in octets. */
const LONGEST = 8192;

/** Parameters that would change what the rest of a token means; each is refused, never skipped. */
const FORBIDDEN = ["crit", "b64", "zip", "enc", "jwk"];

/** The last second of the year 9999: a later date is a mistake, such as milliseconds. */
const LATEST = 253_402_300_799;

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** A token in its form, of which nothing is believed yet. */
export interface UnverifiedToken {
  readonly algorithm: string;
  readonly kid: string;
}

/** Reads the header of an access token; `null` if it is none. */
export function readHeader(token: string): UnverifiedToken | null {
  if (token.length > LONGEST) return null;
  const segments = token.split(".");
  if (segments.length !== 3 || !segments.every(isBase64url)) return null;
  const header = decode(segments[0] ?? "");
  if (!header) return null;
  const members = strictObject(header)?.members;
  if (!members || FORBIDDEN.some((name) => name in members)) return null;
  const { alg, kid, typ } = members;
  if (typeof alg !== "string" || typeof kid !== "string" || typeof typ !== "string") return null;
  if (!/^(?:application\/)?at\+jwt$/i.test(typ)) return null;
  return { algorithm: alg, kid };
}

/** What a signed payload says, and when it holds; times are seconds since 1970. */
export interface Claims {
  readonly principal: Principal;
  readonly notBefore: number;
}

/** Reads the claims of an access token for this audience; `null` if they are none. */
export function readClaims(payload: Uint8Array, issuer: string, audience: string): Claims | null {
  const object = strictObject(payload);
  if (!object) return null;
  const { iss, aud, sub, sid, jti, role, scope, type } = object.members;
  const expiresAt = date(object, "exp");
  const dates = ["nbf", "iat"].filter((name) => name in object.members).map((name) => date(object, name));
  const version = whole(object, "ver");
  if (iss !== issuer || aud !== audience || type !== "access") return null;
  if (![sub, sid, jti].every((id) => typeof id === "string" && UUID.test(id))) return null;
  if (!ROLES.includes(role as Role) || typeof scope !== "string") return null;
  if (expiresAt === null || version === null || !("nbf" in object.members) || dates.includes(null))
    return null;
  const principal = new Principal({
    userId: sub as string,
    sessionId: sid as string,
    role: role as Role,
    scope,
    audience,
    expiresAt,
    version,
    claims: object.members,
  });
  return { principal, notBefore: Math.max(...(dates as number[])) };
}

function whole({ members, numbers }: StrictObject, name: string): number | null {
  const value = members[name];
  return Number.isSafeInteger(value) && /^-?\d+$/.test(numbers.get(name) ?? "") ? (value as number) : null;
}

function date(object: StrictObject, name: string): number | null {
  const seconds = whole(object, name);
  return seconds !== null && seconds >= 0 && seconds <= LATEST ? seconds : null;
}
