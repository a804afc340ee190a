"""Write jws.json: good access tokens, and every way of making bad ones, with real signatures.

`python sdks/contract/jws.py` writes the file; the same bytes each time. `--check` only compares.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from jws_keys import (
    ED,
    ES,
    ES_384,
    ES_LATER,
    ES_NEXT,
    ES_STRANGER,
    KEY_SETS,
    RS,
    RS_WEAK,
    SHARED_SECRET,
    Key,
    b64,
    compact,
    mac,
)
from layout import written

ISSUER = AUDIENCE = "http://auth.test"
NOW = 1_767_268_800  # 2026-01-01T12:00:00Z
LEEWAY = 5
LIFE = 3600
LONGEST = 8 * 1024
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
ADA, GRACE = "0199a6f2-8d41-7e0a-8c3b-6f5e4d3c2b1a", "0199a6f2-8d42-7e0a-8c3b-6f5e4d3c2b1a"
LAPTOP, PHONE, OFFICE = (f"0199a6f2-900{n}-7e0a-8c3b-6f5e4d3c2b1a" for n in range(3))
ABSENT = object()

CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": ADA,
    "aud": AUDIENCE,
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + LIFE,
    "jti": "0199a6f2-a000-7e0a-8c3b-6f5e4d3c2b1a",
    "sid": LAPTOP,
    "role": "user",
    "scope": "account",
    "type": "access",
    "ver": 3,
    "email": "ada@example.com",
}


def changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (base | changes).items() if value is not ABSENT}


def header(key: Key, **changes: Any) -> bytes:
    return compact(changed({"alg": key.algorithm, "typ": "at+jwt", "kid": key.kid}, changes))


def joined(head: bytes, payload: bytes, key: Key) -> str:
    signed = f"{b64(head)}.{b64(payload)}"
    return f"{signed}.{b64(key.sign(signed.encode()))}"


def token(key: Key = ES, head: dict[str, Any] | None = None, **claims: Any) -> str:
    return joined(header(key, **(head or {})), compact(changed(CLAIMS, claims)), key)


def saying(claims: dict[str, Any]) -> str:
    return joined(header(ES), compact(changed(CLAIMS, claims)), ES)


def raw(payload: str | bytes, key: Key = ES) -> str:
    return joined(header(key), payload if isinstance(payload, bytes) else payload.encode(), key)


def with_header(text: str | bytes, key: Key = ES) -> str:
    return joined(text if isinstance(text, bytes) else text.encode(), compact(CLAIMS), key)


def with_mac(secret: bytes, **head: Any) -> str:
    signed = f"{b64(header(RS, alg='HS256', **head))}.{b64(compact(CLAIMS))}"
    return f"{signed}.{b64(mac(secret, signed.encode()))}"


def parts(text: str) -> list[str]:
    return text.split(".")


def principal(**changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "userId": ADA,
        "sessionId": LAPTOP,
        "role": "user",
        "scope": "account",
        "audience": AUDIENCE,
    }
    return {"principal": said | {"expiresAt": NOW + LIFE, "version": 3} | changes}


def refused(code: str = "token_invalid") -> dict[str, Any]:
    return {"error": code}


class Cases(list[dict[str, Any]]):
    def add(self, name: str, why: str, text: str, expect: dict[str, Any], **given: Any) -> None:
        self.append({"name": name, "why": why, "token": text, **given, "expect": expect})

    def bad(self, name: str, why: str, text: str, **given: Any) -> None:
        self.add(name, why, text, refused(), **given)


def good(cases: Cases) -> None:
    for key in (ES, ED, RS):
        cases.add(f"good {key.algorithm}", "As the server signs it.", token(key), principal())
    cases.add("Ed25519", "RFC 9864's name for the same signature.", token(ED, {"alg": "Ed25519"}), principal())
    for typ in ("AT+JWT", "application/at+jwt"):
        cases.add(f"typ {typ}", "A media type (RFC 7515 § 4.1.9).", token(head={"typ": typ}), principal())
    extra = {"claims": {"team": {"id": 7}, "email": "ada@example.com"}}
    cases.add("further claims", "As configured in [tokens.claims].", token(team={"id": 7}), principal(**extra))
    cases.add("no email", "tokens.include_email is false.", token(email=ABSENT), principal())
    cases.add("no iat", "The server does not ask for it.", token(iat=ABSENT), principal())
    for role in ("super_admin", "admin", "moderator", "guest"):
        cases.add(f"role {role}", "Each role.", token(role=role), principal(role=role))
    for name in ("jku", "x5u"):
        said = token(head={name: "http://evil.test/jwks.json"})
        cases.add(f"{name} is not followed", "Signed by a known key; the address is not asked.", said, principal())
    other = {"audience": "billing"}
    cases.add("a configured audience", "tokens.audience.", token(aud="billing"), principal(**other), **other)
    cases.add("the longest token", "8 KiB are read.", padded(LONGEST), principal())
    cases.add(
        "strange keys hide no other", "Keys that cannot be used are left out.", token(), principal(), keySet="strange"
    )


def padded(size: int) -> str:
    """Make a token of exactly so many bytes."""
    # Both segments are in base64url, which skips every fourth length: so the header is varied, too.
    for spare in range(3):
        for filler in range(size * 3 // 4, 0, -1):
            text = token(head={"note": "n" * spare}, note="n" * filler)
            if len(text) == size:
                return text
            if len(text) < size:
                break
    raise AssertionError(f"no token has {size} bytes")


def algorithms(cases: Cases) -> None:
    unsigned = f"{b64(header(ES, alg='none'))}.{b64(compact(CLAIMS))}"
    cases.bad("none", "An unsecured JWS (RFC 8725 § 3.1).", f"{unsigned}.")
    cases.bad("none with a signature", "Of another token.", f"{unsigned}.{parts(token())[2]}")
    for spelling in ("None", "NONE", "nOnE"):
        head = b64(header(ES, alg=spelling))
        cases.bad(f"none as {spelling}", "Names of algorithms are case-sensitive.", f"{head}.{b64(compact(CLAIMS))}.")
    cases.bad("HS256 with the public key in PEM", "Algorithm confusion (CVE-2015-9235).", with_mac(RS.pem))
    cases.bad("HS256 with the public key as JWK", "The same with another form.", with_mac(compact(RS.jwk)))
    cases.bad("HS256 with an empty secret", "A key that was not found is no empty secret.", with_mac(b"", kid=ABSENT))
    published = with_mac(SHARED_SECRET, kid="oct-1")
    cases.bad("HS256 with a published secret", "A symmetric key in the set is not one.", published, keySet="strange")
    cases.bad(
        "ES256 by the name of an RSA key", "The key decides.", joined(header(ES, kid="rs-1"), compact(CLAIMS), ES)
    )
    cases.bad("RS256 by the name of an EC key", "The key decides.", joined(header(RS, kid="es-1"), compact(CLAIMS), RS))
    for alg in ("ES384", "PS256", "RS512", "es256", "ES256K", ""):
        cases.bad(f"alg {alg or 'empty'}", "Not one that the server has.", token(head={"alg": alg}))
    cases.bad("ES384", "Rightly signed, but not allowed.", token(ES_384), keySet="strange")
    cases.bad("not allowed here", "The caller allows less than the keys.", token(), algorithms=["EdDSA"])
    cases.bad("alg is absent", "A header must name it.", token(head={"alg": ABSENT}))
    cases.bad("alg is a list", "It is a text.", token(head={"alg": ["ES256"]}))


def keys(cases: Cases) -> None:
    cases.bad("unknown key", "No such kid.", token(ES_LATER))
    cases.bad("another key by a known name", "Signed by a stranger.", token(ES_STRANGER))
    cases.bad("kid is absent", "A key is named, not tried.", token(head={"kid": ABSENT}))
    cases.bad("kid is a number", "It is a text.", token(head={"kid": 1}))
    for kid in ("../../dev/null", "es-1' OR '1'='1", "", "ES-1", "es-1 ", "__proto__"):
        cases.bad(f"kid {kid or 'empty'}", "A name is compared, and put nowhere else.", token(head={"kid": kid}))
    cases.bad(
        "a key in the header",
        "Whoever signs may not bring the key (CVE-2018-0114).",
        token(ES_LATER, {"jwk": ES_LATER.jwk}),
    )
    cases.bad("a known key in the header", "Not even a right one.", token(head={"jwk": ES.jwk}))
    cases.bad("a certificate in the header", "It is not looked at.", token(ES_STRANGER, {"x5c": ["MIIB"]}))
    cases.bad("a key that was withdrawn", "After keys rotate --compromised.", token(), keySet="compromised")
    cases.bad("no keys at all", "An empty set.", token(), keySet="empty")
    strange = {"keySet": "strange"}
    cases.bad("a short RSA key", "1024 bits.", token(RS_WEAK), **strange)
    for kid, why in (
        ("es-enc", "use is enc."),
        ("es-wrap", "key_ops has no verify."),
        ("es-as-rs", "Its alg is another."),
    ):
        cases.bad(f"key {kid}", why, token(ES_NEXT, {"kid": kid}), **strange)
    cases.bad("key es-short", "Its x is too short.", token(ES_NEXT, {"kid": "es-short"}), **strange)


def headers(cases: Cases) -> None:
    for typ in ("JWT", "jwt", "at+jwt ", "application/", "text/at+jwt", "at+jwt;v=1", "dpop+jwt", "logout+jwt", ""):
        cases.bad(f"typ {typ or 'empty'}", "A token of another kind (RFC 8725 § 3.11).", token(head={"typ": typ}))
    cases.bad("typ is absent", "A token of no kind.", token(head={"typ": ABSENT}))
    cases.bad("typ is null", "It is a text.", token(head={"typ": None}))
    crit = {"crit": ["exp"], "exp": NOW + LIFE}
    cases.bad("crit", "No extension is known (RFC 7515 § 4.1.11).", token(head=crit))
    cases.bad("crit of an unknown extension", "CVE-2026-32597.", token(head={"crit": ["x-policy"], "x-policy": "deny"}))
    cases.bad("crit is empty", "Not allowed to be.", token(head={"crit": []}))
    unencoded = f"{b64(header(ES, b64=False, crit=['b64']))}.{compact({'a': 1}).decode()}"
    cases.bad("b64 is false", "An unencoded payload (RFC 7797).", f"{unencoded}.{b64(ES.sign(unencoded.encode()))}")
    cases.bad("b64 is true", "It changes nothing, and has no place here.", token(head={"b64": True}))
    for name, value in (("zip", "DEF"), ("enc", "A256GCM")):
        cases.bad(name, "It belongs to encrypted tokens.", token(head={name: value}))
    twice = '{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"es-1"}'
    cases.bad("alg twice", "Two readers may believe another one.", with_header(twice))
    escaped = '{"\\u0061lg":"none","alg":"ES256","typ":"at+jwt","kid":"es-1"}'
    cases.bad("alg twice, once escaped", "The same name.", with_header(escaped))
    nested = '{"alg":"ES256","typ":"at+jwt","kid":"es-1","note":{"a":1,"a":2}}'
    cases.bad("a name twice, further in", "At any depth.", with_header(nested))
    cases.bad("the header is a list", "It is an object.", with_header('["ES256"]'))
    cases.bad("the header is no JSON", "It breaks off.", with_header('{"alg":"ES256"'))
    cases.bad("the header is followed by more", "One object, no more.", with_header(header(ES) + b"{}"))
    cases.bad(
        "the header is not UTF-8", "It is text.", with_header(b'{"alg":"ES256","typ":"at+jwt","kid":"es-1","n":"\xff"}')
    )
    cases.bad("the header begins with a mark", "No byte order mark.", with_header(b"\xef\xbb\xbf" + header(ES)))


def forms(cases: Cases) -> None:
    head, payload, signature = parts(token())
    for name, text in (
        ("empty", ""),
        ("a dot", "."),
        ("two segments", f"{head}.{payload}"),
        ("four segments", f"{head}.{payload}.{signature}.{signature}"),
        ("five segments", f"{head}.{payload}.{signature}.{payload}.{head}"),
        ("no header", f".{payload}.{signature}"),
        ("no payload", f"{head}..{signature}"),
        ("no signature", f"{head}.{payload}."),
        ("not a token", "not-a-token"),
        ("a refresh token", "ntt_rt_AQGZpvKNQX4KjDtvXk08Kxo"),
    ):
        cases.bad(name, "No compact JWS of an access token.", text)
    for name, text in (
        ("padding in the signature", f"{head}.{payload}.{signature}=="),
        ("standard base64", f"{head}.{payload}.{signature[:-1]}+"),
        ("white space within", f"{head}.{payload[:9]} {payload[9:]}.{signature}"),
        ("a line break at the end", f"{head}.{payload}.{signature}\n"),
        ("white space before", f" {head}.{payload}.{signature}"),
        ("bits left over in the signature", f"{head}.{payload}.{signature[:-1]}{following(signature[-1])}"),
        ("a letter beyond ASCII", f"{head}.{payload}.{signature[:-1]}é"),
        ("a zero byte", f"{head}.{payload}.{signature}\0"),
    ):
        cases.bad(name, "Only canonical base64url: one token has one form.", text)
    cases.bad("too long", "More than 8 KiB are not read.", padded(LONGEST + 1))
    cases.bad("far too long", "Nor a mebibyte.", f"{head}.{payload}.{'A' * 16_384}")


def following(letter: str) -> str:
    """Return the letter whose value is one more, which alters only bits that do not count."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return alphabet[alphabet.index(letter) + 1]


def signatures(cases: Cases) -> None:
    for key in (ES, ED, RS):
        head, payload, signature = parts(token(key))
        forged = b64(compact(changed(CLAIMS, {"role": "super_admin"})))
        name = key.algorithm
        cases.bad(f"{name}: another payload", "Altered claims.", f"{head}.{forged}.{signature}")
        altered = b64(compact({"alg": name, "kid": key.kid, "typ": "at+jwt"}))
        cases.bad(f"{name}: another header", "The same members in another order.", f"{altered}.{payload}.{signature}")
        octets = key.sign(f"{head}.{payload}".encode())
        cases.bad(
            f"{name}: one bit", "Altered signature.", f"{head}.{payload}.{b64(bytes([octets[0] ^ 1]) + octets[1:])}"
        )
        cases.bad(f"{name}: cut off", "One octet less.", f"{head}.{payload}.{b64(octets[:-1])}")
        cases.bad(f"{name}: one octet more", "Longer.", f"{head}.{payload}.{b64(octets + bytes(1))}")
        zeros = b64(bytes(len(octets)))
        cases.bad(f"{name}: zeros", "CVE-2022-21449.", f"{head}.{payload}.{zeros}")
    head, payload, _ = parts(token())
    der = b64(ES.sign_der(f"{head}.{payload}".encode()))
    cases.bad("ES256: DER", "A JWS has r and s at their full length.", f"{head}.{payload}.{der}")
    head, payload, _ = parts(token(ED))
    octets = ED.sign(f"{head}.{payload}".encode())
    larger = (int.from_bytes(octets[32:], "little") + ED25519_ORDER).to_bytes(32, "little")
    cases.bad("EdDSA: s beyond the order", "RFC 8032 § 5.1.7.", f"{head}.{payload}.{b64(octets[:32] + larger)}")


def claims(cases: Cases) -> None:
    for name in ("iss", "aud", "exp", "sub", "sid", "jti", "nbf", "role", "scope", "type", "ver"):
        cases.bad(f"{name} is absent", "It must be there.", saying({name: ABSENT}))
        cases.bad(f"{name} is null", "It has a type.", saying({name: None}))
    for issuer in ("http://auth.test/", "http://evil.test", "HTTP://AUTH.TEST", "http://auth.test.evil.test", ""):
        cases.bad(f"iss {issuer or 'empty'}", "Exactly the issuer.", token(iss=issuer))
    cases.bad("iss is a list", "It is a text.", token(iss=[ISSUER]))
    for audience in ("http://auth.test/", "billing", ""):
        cases.bad(f"aud {audience or 'empty'}", "A token for somebody else.", token(aud=audience))
    cases.bad("aud is a list", "The server writes one audience.", token(aud=[AUDIENCE, "billing"]))
    for name in ("exp", "nbf", "iat"):
        for value in (str(NOW + LIFE), NOW + 0.5, -1, True, 253_402_300_800, NOW * 1000, 10**30, [NOW]):
            cases.bad(f"{name} is {value!r}", "A whole number of seconds up to the year 9999.", saying({name: value}))
    for name in ("sub", "sid", "jti"):
        cases.bad(f"{name} is no UUID", "Ids are.", saying({name: "ada"}))
    cases.bad("an unknown role", "It would be granted nobody knows what.", token(role="owner"))
    cases.bad("type refresh", "Another kind of token.", token(type="refresh"))
    for value in ("3", 3.5, True):
        cases.bad(f"ver is {value!r}", "A whole number.", token(ver=value))
    cases.bad("scope is a list", "It is a text.", token(scope=["account"]))
    text = compact(CLAIMS).decode()
    cases.bad("a claim twice", "Two readers may believe another one.", raw(text[:-1] + ',"role":"super_admin"}'))
    cases.bad("a claim twice, further in", "At any depth.", raw(text[:-1] + ',"team":[{"a":1,"a":2}]}'))
    for name, payload in (
        ("a list", "[]"),
        ("a text", '"ada"'),
        ("null", "null"),
        ("no JSON", "{"),
        ("followed by more", text + " x"),
    ):
        cases.bad(f"the payload is {name}", "Claims are one object.", raw(payload))
    cases.bad("the payload is not UTF-8", "It is text.", raw(text[:-1].encode() + b',"n":"\xff"}'))
    cases.bad(
        "the payload is deeply nested",
        "Refused, without a crash.",
        raw(text[:-1] + ',"n":' + "[" * 2000 + "]" * 2000 + "}"),
    )


def times(cases: Cases) -> None:
    at = NOW + LIFE
    cases.add("the last second", "exp has come, the tolerance has not.", token(), principal(), now=at + LEEWAY - 1)
    cases.add("expired", "exp and the tolerance have come.", token(), refused("token_expired"), now=at + LEEWAY)
    cases.add("expired long ago", "The same.", token(), refused("token_expired"), now=at + 86_400)
    cases.add(
        "just issued by a clock ahead", "Within the tolerance.", token(nbf=NOW + LEEWAY, iat=NOW + LEEWAY), principal()
    )
    cases.bad("not yet valid", "nbf is beyond the tolerance.", token(nbf=NOW + LEEWAY + 1))
    cases.bad("issued in the future", "iat is beyond the tolerance.", token(iat=NOW + LEEWAY + 1))
    cases.add("no tolerance", "The caller's choice.", token(), refused("token_expired"), now=at, leeway=0)
    late = {"now": at + 86_400}
    head, payload, _ = parts(token())
    cases.bad(
        "expired and forged",
        "A forged token was never good.",
        f"{head}.{payload}.{parts(token(ES_STRANGER))[2]}",
        **late,
    )
    cases.bad("expired, of another issuer", "It was never good here.", token(iss="http://evil.test"), **late)
    cases.bad("expired, for somebody else", "It was never good here.", token(aud="billing"), **late)


def revocations(cases: Cases) -> None:
    ends = "2026-01-01T13:00:05.000Z"
    session = {"kind": "session", "sessionId": LAPTOP, "expiresAt": ends}
    user = {"kind": "user", "userId": ADA, "minVersion": 4, "expiresAt": ends}
    revoked = refused("token_revoked")
    cases.add("its session has ended", "By sid.", token(), revoked, revocations=[session])
    cases.add(
        "another session has ended",
        "It is not this one.",
        token(sid=PHONE),
        principal(sessionId=PHONE),
        revocations=[session],
    )
    cases.add("of an older version", "ver is less than minVersion.", token(), revoked, revocations=[user])
    cases.add("of the version", "Not less.", token(ver=4), principal(version=4), revocations=[user])
    cases.add("another user", "It is not this one.", token(sub=GRACE), principal(userId=GRACE), revocations=[user])
    older = {**user, "minVersion": 2}
    cases.add("the highest version counts", "In any order.", token(), revoked, revocations=[user, older])
    cases.add(
        "revoked and expired",
        "First the times.",
        token(),
        refused("token_expired"),
        now=NOW + LIFE + LEEWAY,
        revocations=[session],
    )
    cases.bad("revoked and forged", "First the signature.", token(ES_STRANGER), revocations=[session])
    stale = refused("revocations_stale")
    cases.add("stale", "It would be accepted: 503, not 401.", token(), stale, stale=True)
    cases.add("stale and revoked", "What is known is said.", token(), revoked, revocations=[session], stale=True)
    cases.add(
        "stale and expired", "First the times.", token(), refused("token_expired"), now=NOW + LIFE + LEEWAY, stale=True
    )
    cases.bad("stale and forged", "First the signature.", token(ES_STRANGER), stale=True)


def named() -> dict[str, str]:
    return {
        "ada": token(),
        "ada-phone": token(sid=PHONE),
        "ada-newer": token(ver=4),
        "grace": token(sub=GRACE, sid=OFFICE, ver=1, role="admin"),
        "ada-eddsa": token(ED),
        "ada-rs256": token(RS),
        "ada-second-key": token(ES_NEXT),
        "ada-third-key": token(ES_LATER),
        "forged": token(ES_STRANGER),
        "long-lived": token(exp=NOW + 90 * 86_400),
        "long-lived-second-key": token(ES_NEXT, exp=NOW + 90 * 86_400),
    }


def document() -> dict[str, Any]:
    cases = Cases()
    for family in (good, algorithms, keys, headers, forms, signatures, claims, times, revocations):
        family(cases)
    return {
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "now": NOW,
        "leeway": LEEWAY,
        "algorithms": ["ES256", "EdDSA", "RS256"],
        "refusedAlgorithms": ["none", "HS256", "HS384", "HS512", "ES384", "PS256", "RS512", ""],
        "keySets": KEY_SETS,
        "tokens": named(),
        "cases": cases,
    }


if __name__ == "__main__":
    path = Path(__file__).with_name("jws.json")
    text = written(document())
    if "--check" in sys.argv[1:]:
        sys.exit(0 if path.read_text() == text else f"{path} is not what jws.py makes: run it")
    path.write_text(text)
