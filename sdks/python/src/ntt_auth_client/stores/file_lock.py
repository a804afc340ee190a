"""A lock that processes share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path


def try_lock_file(path: Path) -> Callable[[], None] | None:
    """Take an exclusive lock on a file, which is made if necessary; `None` if somebody else has it.

    Each call has a descriptor of its own, so the lock also holds between the threads of a process.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        _lock(descriptor)
    except OSError:
        os.close(descriptor)
        return None
    # Closing the descriptor releases the lock.
    return lambda: os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
