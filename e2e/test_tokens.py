"""Access tokens are verified by other people's libraries, through the published keys."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest

from harness import PASSWORD, Node, Start
from harness.server import Server

ASYMMETRIC = ["ES256", "EdDSA", "RS256"]


def jwks(server: Server) -> list[dict[str, Any]]:
    """Return the published keys."""
    answer = server.api.get("/.well-known/jwks.json")
    assert answer.status == 200
    keys: list[dict[str, Any]] = answer.json()["keys"]
    return keys


def verify(server: Server, token: str, algorithm: str) -> dict[str, Any]:
    """Verify a token with PyJWT through the JWKS, as a service would."""
    key = jwt.PyJWKClient(f"{server.base}/.well-known/jwks.json").get_signing_key_from_jwt(token)
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[algorithm],
        issuer=server.base,
        audience=server.base,
        options={"require": ["iss", "sub", "aud", "iat", "nbf", "exp", "jti"]},
    )
    return claims


def altered(token: str) -> str:
    """Change the role in a token and keep its signature."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["role"] = "super_admin"
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{header}.{forged}.{signature}"


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_pyjwt_verifies_our_tokens(start: Start, algorithm: str) -> None:
    server = start({"NTT_AUTH__KEYS__ALGORITHM": algorithm})
    user = server.api.register("ada@example.com", PASSWORD)
    token = server.api.login("ada@example.com", PASSWORD)["accessToken"]

    claims = verify(server, token, algorithm)
    header = jwt.get_unverified_header(token)

    assert header["typ"] == "at+jwt"
    assert header["alg"] == algorithm
    assert claims["sub"] == user["userId"]
    assert claims["type"] == "access"
    assert claims["role"] == "user"
    assert claims["email"] == "ada@example.com"
    assert claims["exp"] - claims["iat"] == 3600
    with pytest.raises(jwt.InvalidSignatureError):
        verify(server, altered(token), algorithm)
    refused = server.api.get("/api/v1/auth/validate", bearer=altered(token))
    assert (refused.status, refused.code) == (401, "token_invalid")


@pytest.mark.node
@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_jose_verifies_our_tokens(start: Start, node: Node, algorithm: str) -> None:
    server = start({"NTT_AUTH__KEYS__ALGORITHM": algorithm})
    user = server.api.register("ada@example.com", PASSWORD)
    token = server.api.login("ada@example.com", PASSWORD)["accessToken"]

    verified = json.loads(
        node("verify.mjs", f"{server.base}/.well-known/jwks.json", server.base, server.base, algorithm, token)
    )

    assert verified["payload"]["sub"] == user["userId"]
    assert verified["protectedHeader"]["alg"] == algorithm


def test_a_symmetric_key_is_never_published(start: Start) -> None:
    server = start({"NTT_AUTH__KEYS__ALGORITHM": "HS256"})
    server.api.register("ada@example.com", PASSWORD)
    token = server.api.login("ada@example.com", PASSWORD)["accessToken"]

    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    assert jwks(server) == []
    assert server.api.get("/api/v1/auth/validate", bearer=token).status == 200


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_published_keys_have_no_private_part(start: Start, algorithm: str) -> None:
    server = start({"NTT_AUTH__KEYS__ALGORITHM": algorithm})

    keys = jwks(server)

    assert keys
    for key in keys:
        assert key["alg"] == algorithm
        assert key["use"] == "sig"
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys()
    assert "max-age" in server.api.get("/.well-known/jwks.json").headers["cache-control"]


def test_keys_rotate_under_a_running_server(start: Start) -> None:
    server = start()
    server.api.register("ada@example.com", PASSWORD)
    old = server.api.login("ada@example.com", PASSWORD)["accessToken"]
    published = {key["kid"] for key in jwks(server)}

    too_early = server.binary.run("keys", "rotate")
    rotated = server.binary.run("keys", "rotate", "--force")

    assert too_early.returncode != 0, "others may not have learned of the next key yet"
    assert rotated.returncode == 0, rotated.stderr
    first = jwt.get_unverified_header(old)["kid"]
    deadline = time.monotonic() + 60
    kid, new = first, old
    while kid == first and time.monotonic() < deadline:
        new = server.api.login("ada@example.com", PASSWORD)["accessToken"]
        kid = jwt.get_unverified_header(new)["kid"]
    assert kid != first, "the running server went on signing with the old key"
    assert kid in published, "the new key had not been published before it signed"
    for token in (old, new):
        verify(server, token, "ES256")
        assert server.api.get("/api/v1/auth/validate", bearer=token).status == 200
