"""Public keys (RFC 7517) that tokens are verified with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import InvalidKeyError, PyJWKError

ALGORITHMS = ("ES256", "EdDSA", "RS256")
"""Those that the server can sign with and that have a public key. No other is ever accepted."""
NAMES = {"ES256": "ES256", "RS256": "RS256", "EdDSA": "EdDSA", "Ed25519": "EdDSA"}
"""`Ed25519` is RFC 9864's name for the same signature."""
KINDS = {"ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519"), "RS256": ("RSA", None)}
MIN_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, for one algorithm."""

    id: str
    algorithm: str
    jwk: Mapping[str, Any]
    _verifier: PyJWK

    @classmethod
    def parse(cls, jwk: Mapping[str, Any]) -> Key | None:
        """Return the key that a JWK describes; `None` if it is not for verifying access tokens."""
        key_id, algorithm = jwk.get("kid"), NAMES.get(str(jwk.get("alg")))
        if not isinstance(key_id, str) or algorithm is None or KINDS[algorithm] != (jwk.get("kty"), jwk.get("crv")):
            return None
        if jwk.get("use", "sig") != "sig" or "verify" not in cast("list[object]", jwk.get("key_ops", ["verify"])):
            return None
        try:
            verifier = PyJWK(dict(jwk) | {"alg": algorithm})
        except (PyJWKError, InvalidKeyError, ValueError, TypeError):
            return None
        key: object = verifier.key
        if isinstance(key, RSAPublicKey) and key.key_size < MIN_RSA_BITS:
            return None
        return cls(key_id, algorithm, dict(jwk), verifier)

    def verifies(self, signing_input: bytes, signature: bytes) -> bool:
        """Whether the signature is one of this key."""
        return self._verifier.Algorithm.verify(signing_input, self._verifier.key, signature)


def read_keys(jwks: Mapping[str, Any], before: Mapping[str, Key]) -> dict[str, Key] | None:
    """Return the keys of a set by name; those that are as before are the same objects. `None` if it is no set."""
    listed: object = jwks.get("keys")
    if not isinstance(listed, list):
        return None
    keys: dict[str, Key] = {}
    for jwk in cast("list[object]", listed):
        if not isinstance(jwk, dict):
            continue
        members = cast("dict[str, Any]", jwk)
        known = before.get(str(members.get("kid")))
        key = known if known is not None and known.jwk == members else Key.parse(members)
        if key is not None:
            keys.setdefault(key.id, key)
    return keys
