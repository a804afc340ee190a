"""An example as a process: started as its README says, on a port of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from harness.api import Answer, Api

EXAMPLES = Path(__file__).resolve().parent.parent
START_UP = 120.0
SHUTDOWN = 20.0
PATIENCE = 30.0
PAUSE = 0.01


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Example:
    """A running example."""

    def __init__(self, folder: str, command: list[str], settings: dict[str, str], port: int | None = None) -> None:
        """Start it in its folder; `{port}` in the command and the settings is where it listens."""
        self.port = port or free_port()
        self.base = f"http://localhost:{self.port}"
        self.api = Api(self.base)
        at = str(self.port)
        self.output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it stops
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("NTT_AUTH_")}
        self._process = subprocess.Popen(
            [part.replace("{port}", at) for part in command],
            cwd=EXAMPLES / folder,
            env=inherited | {name: value.replace("{port}", at) for name, value in settings.items()},
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )
        try:
            self._wait(START_UP)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ask it to stop, and wait until it has."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(SHUTDOWN)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                raise
        self.output.close()

    def printed(self) -> str:
        """Return what it printed so far."""
        self.output.seek(0)
        return self.output.read().decode(errors="replace")

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            with suppress(OSError):
                self.api.get("/")
                return
            time.sleep(PAUSE)
        raise RuntimeError(f"the example did not start:\n{self.printed()}")


def until(ask: Callable[[], Answer], status: int, patience: float = PATIENCE) -> float:
    """Ask until this is the status; return the seconds that it took."""
    began = time.monotonic()
    while (answer := ask()).status != status:
        waited = time.monotonic() - began
        assert waited < patience, f"still {answer.status} after {waited:.1f} s: {answer.body!r}"
        time.sleep(PAUSE)
    return time.monotonic() - began
