"""A clock that goes ahead of the machine's, as a test server's does."""

from __future__ import annotations

from ntt_auth_client._core.clock import SystemClock


class VirtualClock:
    """The machine's clocks, moved forward. Give it to the clients and verifiers of a server whose time is moved."""

    def __init__(self) -> None:
        """Begin with the machine's time."""
        self._system = SystemClock()
        self._ahead = 0.0

    def now(self) -> float:
        """Return the wall clock's seconds since 1970."""
        return self._system.now() + self._ahead

    def monotonic(self) -> float:
        """Return the seconds of a clock that nobody sets."""
        return self._system.monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self._ahead += seconds
