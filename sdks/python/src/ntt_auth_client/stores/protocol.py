"""What a token store has to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from ntt_auth_client.stores.credentials import Credentials


@runtime_checkable
class TokenStore(Protocol):
    """Keeps the tokens of one session. All who share a store share the session, and one refresh.

    An asyncio client calls these methods in a thread of its own, unless the store says by `is_instant` that they never
    wait.
    """

    @property
    def is_instant(self) -> bool:
        """Whether no method waits for anything, such as a disk."""
        ...

    def load(self) -> Credentials:
        """Return what is held; empty credentials if nothing is."""
        ...

    def save(self, credentials: Credentials) -> None:
        """Replace what is held, as a whole or not at all."""
        ...

    def try_lock(self) -> Callable[[], None] | None:
        """Take the lock that all who share the store respect, and return what releases it; `None` if it is held.

        It is held while a session is refreshed, and may be released by another thread.
        """
        ...


@runtime_checkable
class AsyncTokenStore(Protocol):
    """A token store for the asyncio client alone, such as one in a database."""

    async def load_async(self) -> Credentials:
        """Return what is held; empty credentials if nothing is."""
        ...

    async def save_async(self, credentials: Credentials) -> None:
        """Replace what is held, as a whole or not at all."""
        ...

    async def try_lock_async(self) -> Callable[[], None] | None:
        """Take the lock that all who share the store respect, and return what releases it; `None` if it is held."""
        ...
