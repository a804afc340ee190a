"""Which role may do what, as the server says."""

from __future__ import annotations

from ntt_auth_client._core.effects import Plan, once
from ntt_auth_client._core.settings import Context
from ntt_auth_client.errors import ForbiddenError, NttAuthError
from ntt_auth_client.models import PermissionMatrix
from ntt_auth_client.operations.auth import permissions
from ntt_auth_client.verification.principal import Principal

KEPT = 900.0
COOLDOWN = 10.0


class PermissionCache:
    """The server's table of permissions, kept for a quarter of an hour, and longer while the server is away."""

    def __init__(self, context: Context) -> None:
        """Begin without it."""
        self._context = context
        self._reach: dict[str, dict[str, str]] | None = None
        self._until = 0.0

    def require(self, principal: Principal, action: str) -> Plan[None]:
        """Raise `ForbiddenError` unless the role may do this at least to somebody; `ValueError` if nobody knows it."""
        reach = self._reach
        if reach is None or self._context.settings.clock.monotonic() >= self._until:
            reach = yield from once("permissions", self._fetched)
        if action not in reach:
            raise ValueError(f"the server knows no action {action!r}")
        if reach[action].get(principal.role, "none") == "none":
            raise ForbiddenError(f"The permission {action} is needed.", operation="verifier.require_permission")

    def _fetched(self) -> Plan[dict[str, dict[str, str]]]:
        now = self._context.settings.clock.monotonic
        try:
            matrix: PermissionMatrix = yield from permissions(self._context)
        except NttAuthError:
            if self._reach is None:
                raise
            self._until = now() + COOLDOWN
            return self._reach
        self._reach = {row.action: row.reach for row in matrix.actions}
        self._until = now() + KEPT
        return self._reach
