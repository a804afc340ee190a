"""A compact JWS (RFC 7515 § 7.1), taken apart but not believed yet."""

from __future__ import annotations

import re
from binascii import a2b_base64
from dataclasses import dataclass
from functools import lru_cache

from ntt_auth_client.verification.strict_json import read_object

MAX_TOKEN = 8 * 1024
FORM = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
FORBIDDEN = frozenset({"crit", "b64", "zip", "enc", "jwk"})
"""Parameters that would change what the rest means, or bring a key along: each is refused, never skipped."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A token whose header serves to look a key up, and no more, until the signature holds."""

    algorithm: str
    key_id: str
    signing_input: bytes
    payload: bytes
    signature: bytes

    @classmethod
    def parse(cls, token: str) -> Signed:
        """Take a token apart; `ValueError` if it is no access token by its form and its header."""
        # Its length first: nothing longer is looked at.
        if len(token) > MAX_TOKEN:
            raise ValueError("it is too long")
        form = FORM.fullmatch(token)
        if form is None:
            raise ValueError("it is not of three segments")
        head, body, signature = form.groups()
        algorithm, key_id = _read_header(head)
        return cls(algorithm, key_id, f"{head}.{body}".encode(), _decoded(body), _decoded(signature))


@lru_cache(maxsize=64)
def _read_header(segment: str) -> tuple[str, str]:
    # All tokens of a key have the same header. One that is refused is not remembered.
    header = read_object(_decoded(segment))
    for name in FORBIDDEN:
        if name in header:
            raise ValueError(f"its header holds {name}")
    algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ")
    if not isinstance(algorithm, str) or not isinstance(key_id, str):
        raise ValueError("its header names no algorithm and no key")  # noqa: TRY004 - what is wrong is the token
    if not isinstance(kind, str) or not _is_access_type(kind):
        raise ValueError("it is of another type")
    return algorithm, key_id


def _is_access_type(kind: str) -> bool:
    # RFC 7515 § 4.1.9: without regard to case, and `application/` may be left out.
    return kind.lower() in {"at+jwt", "application/at+jwt"}


def _decoded(segment: str) -> bytes:
    rest = len(segment) % 4
    # What decodes to the same octets in two ways would be two tokens with one signature.
    if rest and segment[-1] not in LAST[rest]:
        raise ValueError("its base64url has bits left over")
    return a2b_base64(segment.replace("-", "+").replace("_", "/") + PADDING[rest])


PADDING = ("", "", "==", "=")
LAST = ("", "", "AQgw", "AEIMQUYcgkosw048")
"""The letters that end a segment of this length, by its remainder of four: those without further bits."""
