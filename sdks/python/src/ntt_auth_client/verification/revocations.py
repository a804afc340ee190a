"""What is known to be revoked, and how fresh that knowledge is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from ntt_auth_client._core.clock import Clock
from ntt_auth_client.verification.principal import Principal


class Revocations:
    """Written by one follower, read by any number of threads."""

    def __init__(self, clock: Clock, monotonic: Callable[[], float] | None = None) -> None:
        """Begin with nothing known; staleness is measured by `monotonic`, or the clock's own."""
        self._clock = clock
        self._monotonic = monotonic or clock.monotonic
        self._sessions: dict[UUID, float] = {}
        self._users: dict[UUID, tuple[int, float]] = {}
        self._fresh_at: float | None = None

    def __len__(self) -> int:
        """How many entries are in force."""
        return len(self._sessions) + len(self._users)

    @property
    def staleness(self) -> float | None:
        """How many seconds ago everything was known; `None` before the first `head`."""
        return None if self._fresh_at is None else self._monotonic() - self._fresh_at

    def add(self, entry: Mapping[str, Any]) -> None:
        """Take an entry into account; `ValueError` if it cannot be read. Kinds that are not known are passed over."""
        try:
            expires = datetime.fromisoformat(entry["expiresAt"]).timestamp()
            if entry["kind"] == "session":
                session = UUID(entry["sessionId"])
                self._sessions[session] = max(expires, self._sessions.get(session, 0.0))
            elif entry["kind"] == "user":
                user, least = UUID(entry["userId"]), int(entry["minVersion"])
                known = self._users.get(user, (0, 0.0))
                self._users[user] = (max(least, known[0]), max(expires, known[1]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("this is no entry") from error

    def head(self, age_ms: float) -> None:
        """Note that so many milliseconds ago everything was known, and forget what is over."""
        self._fresh_at = self._monotonic() - age_ms / 1000
        now = self._clock.now()
        for session in [id_ for id_, expires in self._sessions.items() if expires <= now]:
            del self._sessions[session]
        for user in [id_ for id_, (_, expires) in self._users.items() if expires <= now]:
            del self._users[user]

    def holds(self, principal: Principal) -> bool:
        """Whether a token is revoked, as far as is known."""
        if principal.session_id in self._sessions:
            return True
        least = self._users.get(principal.user_id)
        return least is not None and principal.version < least[0]
