"""Tokens in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ntt_auth_client.stores.credentials import Credentials


class MemoryTokenStore:
    """Keeps the tokens for as long as the process lives. Several clients may share it, also in several threads."""

    def __init__(self, credentials: Credentials | None = None) -> None:
        """Begin with these."""
        self._credentials = credentials if credentials is not None else Credentials()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        """Show no token."""
        return "MemoryTokenStore()"

    @property
    def is_instant(self) -> bool:
        """Memory is."""
        return True

    def load(self) -> Credentials:
        """Return what is held."""
        return self._credentials

    def save(self, credentials: Credentials) -> None:
        """Replace what is held."""
        self._credentials = credentials

    def try_lock(self) -> Callable[[], None] | None:
        """Take the lock, and return what releases it."""
        return self._lock.release if self._lock.acquire(blocking=False) else None
