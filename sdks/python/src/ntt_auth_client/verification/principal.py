"""Who a verified access token speaks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ntt_auth_client.errors import ForbiddenError
from ntt_auth_client.operations.call import Role

ROLES: tuple[Role, ...] = ("super_admin", "admin", "moderator", "user", "guest")
"""From the most to the least powerful."""


@dataclass(frozen=True, slots=True)
class Principal:
    """What a verified access token says. It holds no secret."""

    user_id: UUID
    session_id: UUID
    role: Role
    scope: str
    """What the token may be used for, as words with spaces between (RFC 6749 § 3.3)."""
    audience: str
    expires: int
    """`exp`: seconds since 1970."""
    not_before: int
    """`nbf`: seconds since 1970."""
    version: int
    """`ver`: the version of the user's tokens when it was issued."""
    claims: Mapping[str, Any] = field(repr=False, compare=False)
    """All claims, those too that the server is configured to add."""

    @property
    def expires_at(self) -> datetime:
        """When the token expires."""
        return datetime.fromtimestamp(self.expires, UTC)

    @property
    def email(self) -> str | None:
        """The address, if the server puts it into tokens."""
        email = self.claims.get("email")
        return email if isinstance(email, str) else None

    def has_role(self, role: Role) -> bool:
        """Whether the role is this one or a more powerful one."""
        return ROLES.index(self.role) <= ROLES.index(role)

    def has_scope(self, scope: str) -> bool:
        """Whether the token may be used for this."""
        return scope in self.scope.split(" ")

    def require_role(self, role: Role) -> None:
        """Raise `ForbiddenError` unless the role is this one or a more powerful one."""
        if not self.has_role(role):
            raise ForbiddenError(f"The role {role} is needed.", operation="verifier.require_role")

    def require_scope(self, scope: str) -> None:
        """Raise `ForbiddenError` unless the token may be used for this."""
        if not self.has_scope(scope):
            raise ForbiddenError(f"The scope {scope} is needed.", operation="verifier.require_scope")
