"""The keys of the vectors: fixed, known to everybody, and good for nothing else."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

# The primes of a key of 2048 bits, and of one that is too short.
RSA_2048 = (
    0xFC004B72956AAB35A117A8E1BCE4E7220A94DB537C7911E01EE7A70BA849A24A8E277F3FF251BFC2EAC5DA26A5B4075EE4ED15A26F4F4F662E6B3F8619E53405759ACB9CA87E4D96DC40A5B7874B63B5075D8920E4621EA17D337555DD76E755459BED59A2191B6EA69FC3C9FE38171A574379A5D45C6971E6718A01E9E5C0A5,
    0xEE4F34FDDF5F2E6B3858673023552E156295C24E5BD8B9FB164EB31A9EE2DD94BA4688FD73028EBB697D88B4E2C4435F1CA751CD69B77B8F4B71B6D805BF3F52505F0F014604128DE046DD74675E844662322AE360474D469402B2128C982A7C31788F2A990A0D31B76DB9B6B3CAE71375F72BF06E51505DDAABBF4912F719A9,
)
RSA_1024 = (
    0xDF3A5E3AF5B27EA80E4C21B332D40929377A218C70692884D21F2C719C4C66F19EAAB80460695655363ED045AE2EA467CFFE4AB6E59406FDD31087A59298FFA7,
    0xC58D4F58A33C59494BC9A2332AF05D5A055930E82ED1AF1CCBC490AD989195D00B815B73504794DD04652CDBD58C6D1E5A5EE8275308C5005FC5771E9407D84B,
)
SHARED_SECRET = b"a secret of thirty-two octets, or"


def b64(data: bytes) -> str:
    """Encode in base64url without padding (RFC 7515 § 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int, size: int | None = None) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8))


def _rsa(primes: tuple[int, int]) -> rsa.RSAPrivateKey:
    p, q = primes
    e = 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(e, p * q)
    crt = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    return rsa.RSAPrivateNumbers(p, q, d, *crt, public).private_key()


@dataclass(frozen=True)
class Key:
    """A key pair, the name it is published under, and the algorithm it is for."""

    kid: str
    algorithm: str
    private: PrivateKey

    @property
    def jwk(self) -> dict[str, Any]:
        """Return the public key, as the server publishes it."""
        named = {"use": "sig", "alg": self.algorithm, "kid": self.kid}
        public = self.private.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            numbers = public.public_numbers()
            size = (public.curve.key_size + 7) // 8
            coordinates = {"x": _number(numbers.x, size), "y": _number(numbers.y, size)}
            return {"kty": "EC", "crv": f"P-{public.curve.key_size}", **named, **coordinates}
        if isinstance(public, rsa.RSAPublicKey):
            numbers_ = public.public_numbers()
            return {"kty": "RSA", **named, "n": _number(numbers_.n), "e": _number(numbers_.e)}
        return {"kty": "OKP", "crv": "Ed25519", **named, "x": b64(public.public_bytes(Encoding.Raw, PublicFormat.Raw))}

    @property
    def pem(self) -> bytes:
        """Return the public key as PEM, which attacks on the algorithm use as a secret."""
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data: bytes) -> bytes:
        """Sign, in the same way each time (RFC 6979 for ECDSA)."""
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            size = (self.private.curve.key_size + 7) // 8
            r, s = decode_dss_signature(self.sign_der(data))
            return r.to_bytes(size) + s.to_bytes(size)
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.private.sign(data)

    def sign_der(self, data: bytes) -> bytes:
        """Sign by ECDSA and leave the signature in DER, which no JWS has (RFC 7518 § 3.4)."""
        assert isinstance(self.private, ec.EllipticCurvePrivateKey)
        digest = hashes.SHA256() if self.private.curve.key_size == 256 else hashes.SHA384()
        return self.private.sign(data, ec.ECDSA(digest, deterministic_signing=True))


def mac(secret: bytes, data: bytes) -> bytes:
    """Compute HMAC with SHA-256."""
    code = hmac.HMAC(secret, hashes.SHA256())
    code.update(data)
    return code.finalize()


def _ec(scalar: int, curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(scalar, curve or ec.SECP256R1())


ES = Key("es-1", "ES256", _ec(0x1111111111111111111111111111111111111111111111111111111111111111))
ES_NEXT = Key("es-2", "ES256", _ec(0x2222222222222222222222222222222222222222222222222222222222222222))
ES_LATER = Key("es-3", "ES256", _ec(0x3333333333333333333333333333333333333333333333333333333333333333))
ES_STRANGER = Key("es-1", "ES256", _ec(0x4444444444444444444444444444444444444444444444444444444444444444))
ES_384 = Key("es-384", "ES384", _ec(0x5555555555555555555555555555555555555555555555555555555555555555, ec.SECP384R1()))
ED = Key("ed-1", "EdDSA", ed25519.Ed25519PrivateKey.from_private_bytes(bytes([6]) * 32))
RS = Key("rs-1", "RS256", _rsa(RSA_2048))
RS_WEAK = Key("rs-weak", "RS256", _rsa(RSA_1024))
SYMMETRIC = {"kty": "oct", "use": "sig", "alg": "HS256", "kid": "oct-1", "k": b64(SHARED_SECRET)}

KEY_SETS: dict[str, dict[str, Any]] = {
    "default": {"keys": [ES.jwk, ED.jwk, RS.jwk]},
    "before": {"keys": [ES.jwk]},
    "announced": {"keys": [ES.jwk, ES_NEXT.jwk]},
    "rotated": {"keys": [ES_NEXT.jwk, ES.jwk, ES_LATER.jwk]},
    "compromised": {"keys": [ES_NEXT.jwk]},
    "empty": {"keys": []},
    "strange": {
        "keys": [
            SYMMETRIC,
            {"kty": "AKP", "alg": "ML-DSA-44", "kid": "pq-1", "pub": "AAAA"},
            ES_384.jwk,
            RS_WEAK.jwk,
            {**ES_NEXT.jwk, "kid": "es-enc", "use": "enc"},
            {**ES_NEXT.jwk, "kid": "es-wrap", "key_ops": ["wrapKey"]},
            {**ES_NEXT.jwk, "kid": "es-as-rs", "alg": "RS256"},
            {**ES_NEXT.jwk, "kid": "es-short", "x": "AAAA"},
            ES.jwk,
        ]
    },
}


def compact(value: object) -> bytes:
    """Write JSON as the server does."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
