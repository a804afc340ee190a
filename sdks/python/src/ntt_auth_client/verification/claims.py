"""What an access token has to say (RFC 9068), to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from ntt_auth_client.verification.principal import ROLES, Principal

MAX_NUMERIC_DATE = 253_402_300_799
"""The last second of the year 9999."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Whose tokens are accepted, and for whom they must be."""

    issuer: str
    audience: str
    leeway: int

    def principal(self, claims: Mapping[str, Any], now: float) -> Principal:
        """Return what the claims say; `ValueError` if they are not an access token's. `exp` and `nbf` come later."""
        if claims.get("iss") != self.issuer:
            raise ValueError("it is of another issuer")
        if claims.get("aud") != self.audience:
            raise ValueError("it is for somebody else")
        expires, not_before = _date(claims, "exp"), _date(claims, "nbf")
        if "iat" in claims and _date(claims, "iat") > now + self.leeway:
            raise ValueError("it was issued in the future")
        if claims.get("type") != "access":
            raise ValueError("it is no access token")
        role, scope, version = claims.get("role"), claims.get("scope"), claims.get("ver")
        if role not in ROLES:
            raise ValueError("its role is not known")
        if not isinstance(scope, str) or type(version) is not int:
            raise ValueError("its scope or version is none")
        _id(claims, "jti")
        return Principal(
            user_id=_id(claims, "sub"),
            session_id=_id(claims, "sid"),
            role=role,
            scope=scope,
            audience=self.audience,
            expires=expires,
            not_before=not_before,
            version=version,
            claims=MappingProxyType(dict(claims)),
        )

    def is_over(self, principal: Principal, now: float) -> bool:
        """Whether the token has expired."""
        return now >= principal.expires + self.leeway

    def is_early(self, principal: Principal, now: float) -> bool:
        """Whether the token is not valid yet."""
        return now + self.leeway < principal.not_before


def _date(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= MAX_NUMERIC_DATE:
        raise ValueError(f"its {name} is no time")
    return value


def _id(claims: Mapping[str, Any], name: str) -> UUID:
    value = claims.get(name)
    if not isinstance(value, str) or len(value) != 36:
        raise ValueError(f"its {name} is no id")
    return UUID(value)
