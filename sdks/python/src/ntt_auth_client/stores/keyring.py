"""Tokens in the keyring of the operating system."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from ntt_auth_client.stores.credentials import Credentials
from ntt_auth_client.stores.file_lock import try_lock_file


class KeyringTokenStore:
    """Keeps the tokens in the operating system's keyring (macOS Keychain, Windows Credential Locker, Secret Service).

    Needs the extra `keyring`. A keyring has no locks, so an empty file in the user's folder for caches is locked while
    a session is refreshed.
    """

    def __init__(self, account: str, service: str = "ntt-auth-client") -> None:
        """Keep them under the name of an account of the service."""
        self._account = account
        self._service = service
        name = hashlib.sha256(f"{service}\0{account}".encode()).hexdigest()[:32]
        self._lock = Path.home() / ".cache" / "ntt-auth-client" / f"{name}.lock"

    def __repr__(self) -> str:
        """Tell where it is."""
        return f"KeyringTokenStore({self._account!r}, {self._service!r})"

    @property
    def is_instant(self) -> bool:
        """A keyring may ask its owner to unlock it."""
        return False

    def load(self) -> Credentials:
        """Return what is held."""
        import keyring  # noqa: PLC0415 - an extra

        held = keyring.get_password(self._service, self._account)
        try:
            return Credentials.from_dict(json.loads(held)) if held else Credentials()
        except ValueError:
            return Credentials()

    def save(self, credentials: Credentials) -> None:
        """Replace what is held."""
        import keyring  # noqa: PLC0415 - an extra

        keyring.set_password(self._service, self._account, json.dumps(credentials.to_dict()))

    def try_lock(self) -> Callable[[], None] | None:
        """Take the lock, and return what releases it."""
        self._lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return try_lock_file(self._lock)
