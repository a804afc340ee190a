"""Tokens in a file."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ntt_auth_client.stores.credentials import Credentials
from ntt_auth_client.stores.file_lock import try_lock_file

PRIVATE = 0o600


class FileTokenStore:
    """Keeps the tokens in a file that its owner alone may read. Threads and processes may share it.

    The file is replaced as a whole, so that nobody ever reads half of it, and whoever refreshes holds a lock on a file
    beside it. A file that is damaged counts as empty: signing in writes it anew.
    """

    def __init__(self, path: str | Path) -> None:
        """Keep them at this path; its folder is made, if necessary, when tokens are first kept."""
        self._path = Path(path).expanduser()
        self._seen: tuple[tuple[int, int, int], Credentials] | None = None

    def __repr__(self) -> str:
        """Tell where it is."""
        return f"FileTokenStore({str(self._path)!r})"

    @property
    def is_instant(self) -> bool:
        """A disk is not."""
        return False

    def load(self) -> Credentials:
        """Return what is held. The file is read only if it changed since."""
        try:
            found = self._path.stat()
            state = (found.st_ino, found.st_size, found.st_mtime_ns)
            seen = self._seen
            if seen is not None and seen[0] == state:
                return seen[1]
            credentials = Credentials.from_dict(json.loads(self._path.read_bytes()))
        except (FileNotFoundError, ValueError):
            return Credentials()
        self._seen = (state, credentials)
        return credentials

    def save(self, credentials: Credentials) -> None:
        """Replace the file."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp makes the file readable by its owner alone from the beginning.
        descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(json.dumps(credentials.to_dict()).encode())
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(PRIVATE)
            Path(name).replace(self._path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(name).unlink()
            raise

    def try_lock(self) -> Callable[[], None] | None:
        """Take the lock of the file beside it, and return what releases it. It falls free with its process."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return try_lock_file(self._path.with_name(self._path.name + ".lock"))
