"""The server as a process: started on SQLite in a folder of its own, on a port of its own."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness.api import Api
from harness.logs import LOGS

READY = re.compile(r"ready on (http://\S+)")
LINK = re.compile(r"http://\S*setup\S*")
START_UP = 60.0
SHUTDOWN = 60.0
LOG_LEVEL = "debug,ntt_auth=trace,ntt_auth_core=trace,ntt_auth_web=trace,ntt_auth_store_sql=trace,http=trace"


@dataclass(frozen=True)
class Binary:
    """The program under test and the environment of one installation of it."""

    program: Path
    folder: Path
    settings: dict[str, str]

    def environment(self) -> dict[str, str]:
        """Return the environment: nothing of the caller's settings, and this installation's."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("NTT_AUTH__")}
        return inherited | {
            "NTT_AUTH__HTTP__LISTEN": "127.0.0.1:0",
            "NTT_AUTH__HTTP__DRAIN": "0s",
            "NTT_AUTH__DATA_DIR": str(self.folder / "data"),
            "NTT_AUTH__PROFILE": "test",
            "NTT_AUTH__PASSWORD__BCRYPT_COST": "4",
            "NTT_AUTH__RATE_LIMITS__ENABLED": "false",
            "NTT_AUTH__LOG__LEVEL": LOG_LEVEL,
            "NTT_AUTH__LOG__FORMAT": "json",
            **self.settings,
        }

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command of the program to its end."""
        return subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=START_UP,
        )


class Server:
    """A running server."""

    def __init__(self, binary: Binary) -> None:
        """Start it and wait for the line that says it is ready."""
        self.binary = binary
        self.output: list[str] = []
        self.log: list[str] = []
        self._ready = threading.Event()
        self._killed = False
        self._stopped = False
        self._process = subprocess.Popen(
            [binary.program, "serve"],
            cwd=binary.folder,
            env=binary.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self._readers = [
            self._read(self._process.stdout, self.output),
            self._read(self._process.stderr, self.log),
        ]
        if not self._ready.wait(START_UP) or self._base() is None:
            self._process.kill()
            self._process.wait()
            raise RuntimeError("the server did not start:\n" + "".join(self.output + self.log))
        self.api = Api(self._base() or "")

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    @property
    def resident(self) -> int:
        """How much memory it has, in KiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))

    @property
    def descriptors(self) -> list[str]:
        """What it has open."""
        opened = []
        for entry in Path(f"/proc/{self.pid}/fd").iterdir():
            # It may be closed meanwhile.
            with suppress(FileNotFoundError):
                opened.append(str(entry.readlink()))
        return opened

    @property
    def base(self) -> str:
        """The address that the server printed."""
        return self.api.base

    def setup_link(self) -> str | None:
        """Return the link for the first administrator, if the server printed one."""
        found = LINK.search("".join(self.output + self.log))
        return found.group(0) if found else None

    def ask_to_stop(self) -> None:
        """Ask it to stop."""
        self._process.terminate()

    def stop(self) -> None:
        """Ask it to stop, wait until it has, and look for secrets in what it wrote."""
        if self._stopped:
            return
        self._stopped = True
        self._process.terminate()
        try:
            code = self._process.wait(SHUTDOWN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            for reader in self._readers:
                reader.join()
        LOGS.keep(self.binary.folder.name, "".join(self.log))
        assert code == 0 or self._killed, f"exit code {code}:\n" + "".join(self.log[-20:])
        self._assert_no_secret_written()

    def kill(self) -> None:
        """End it as a power cut would; stopping it afterwards is no error."""
        self._killed = True
        self._process.kill()
        self._process.wait()

    def _assert_no_secret_written(self) -> None:
        link = self.setup_link()
        written = {"output": "".join(self.output), "log": "".join(self.log)}
        if link is not None:
            # The one place where the link belongs is the line that prints it.
            written = {name: text.replace(link, "", 1) for name, text in written.items()}
            self.api.secrets.add(link.rsplit("/", 1)[-1].rsplit("=", 1)[-1])
        for path in sorted((self.binary.folder / "data").rglob("*")):
            # Mail in the outbox holds its links: that is what it is for.
            if path.is_file() and path.parent.name != "outbox":
                written[path.name] = path.read_bytes().decode("latin-1")
        found = [
            f"{secret[:8]}… in {name}"
            for secret in self.api.secrets
            for name, text in written.items()
            if secret in text or secret.encode().decode("latin-1") in text
        ]
        assert not found, f"secrets were written: {found}"

    def _base(self) -> str | None:
        for line in self.output:
            if found := READY.search(line):
                return found.group(1)
        return None

    def _read(self, stream: IO[str] | None, lines: list[str]) -> threading.Thread:
        assert stream is not None

        def read() -> None:
            with stream:
                for line in stream:
                    lines.append(line)
                    if READY.search(line):
                        self._ready.set()
            # A process that ended early is told apart from a slow one by having no address.
            self._ready.set()

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        return reader
