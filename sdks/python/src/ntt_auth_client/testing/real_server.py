"""The real server, started for a test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx2

from ntt_auth_client.blocking_verifier import TokenVerifier
from ntt_auth_client.client import AsyncAuthClient, AuthClient
from ntt_auth_client.testing.virtual_clock import VirtualClock
from ntt_auth_client.verifier import AsyncTokenVerifier

FEED_TOKEN = "feed-token-of-a-test-server-0123456789"  # noqa: S105 - of a server that keeps nothing
DEFAULTS: Mapping[str, object] = {
    "database.url": "sqlite::memory:",
    "password.bcrypt_cost": 4,
    "rate_limits.enabled": "false",
    "http.listen": "127.0.0.1:0",
    "http.drain": "0s",
    "revocations.feed_token": FEED_TOKEN,
}
READY = re.compile(r"ready on (http://\S+)")
SETUP = re.compile(r"http://\S+/setup\?token=(\S+)")
START_UP = 60.0
SHUTDOWN = 30.0


def find_binary() -> Path | None:
    """Return the program: `NTT_AUTH_BIN` of the environment, or `ntt-auth` on the path; `None` if there is none."""
    named = os.environ.get("NTT_AUTH_BIN") or shutil.which("ntt-auth")
    return Path(named) if named and Path(named).is_file() else None


class RealServer:
    """A server of the real program in the profile `test`, which keeps nothing, and whose clock goes when it is told to.

    ```python
    with RealServer() as server:
        admin = server.super_admin("root@example.com", "Correct-Horse-7-Battery")
        server.advance("30 days", step="1 day")
    ```
    """

    def __init__(self, binary: str | Path | None = None, settings: Mapping[str, object] | None = None) -> None:
        """Start it, and wait until it is ready.

        Args:
            binary: The program; `NTT_AUTH_BIN` of the environment, or `ntt-auth` on the path, if left out.
            settings: Settings, as `{"tokens.access_ttl": "5 min"}`; they go before those of a test server.

        Raises:
            FileNotFoundError: There is no program.
            RuntimeError: It did not start; its output is told.
        """
        program = Path(binary) if binary is not None else find_binary()
        if program is None:
            raise FileNotFoundError("name the program in NTT_AUTH_BIN, or put ntt-auth on the path")
        self.url = ""
        """Its address."""
        self._folder = tempfile.mkdtemp(prefix="ntt-auth-")
        chosen = {**DEFAULTS, "data_dir": f"{self._folder}/data", **(settings or {})}
        self.feed_token = str(chosen["revocations.feed_token"])
        """By which services follow revocations."""
        self.clock = VirtualClock()
        """For the clients and verifiers of this server: it moves with the server's."""
        self._program = program
        self._settings = [f"--set={name}={value}" for name, value in chosen.items()]
        self._output: list[str] = []
        self._is_told = threading.Event()
        self._process = subprocess.Popen(  # noqa: S603 - the program that the caller names
            [program, "serve", "--profile", "test", *self._settings],
            cwd=self._folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        ready = READY.search("".join(self._output)) if self._is_told.wait(START_UP) else None
        if ready is None:
            self.stop()
            raise RuntimeError("the server did not start:\n" + "".join(self._output))
        self.url = ready.group(1)
        self._setup = self._setup_token()

    def __repr__(self) -> str:
        """Tell where it is."""
        return f"RealServer({self.url!r})"

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    @property
    def output(self) -> str:
        """What it has written and logged so far."""
        return "".join(self._output)

    def client(self, **options: Any) -> AuthClient:  # noqa: ANN401 - those of AuthClient
        """Return a client of this server, with its clock and feed token."""
        return AuthClient(self.url, **{**self._asking(), **options})

    def async_client(self, **options: Any) -> AsyncAuthClient:  # noqa: ANN401 - those of AsyncAuthClient
        """Return a client of this server for an event loop, with its clock and feed token."""
        return AsyncAuthClient(self.url, **{**self._asking(), **options})

    def verifier(self, **options: Any) -> TokenVerifier:  # noqa: ANN401 - those of TokenVerifier
        """Return a verifier for this server, with its clock and feed token."""
        return TokenVerifier(self.url, **{**self._verifying(), **options})

    def async_verifier(self, **options: Any) -> AsyncTokenVerifier:  # noqa: ANN401 - those of AsyncTokenVerifier
        """Return a verifier for this server in an event loop, with its clock and feed token."""
        return AsyncTokenVerifier(self.url, **{**self._verifying(), **options})

    def advance(self, length: str, *, step: str | None = None) -> None:
        """Let time pass, here and there, as `30 days`, in steps if told so."""
        with AuthClient(self.url) as client:
            before = client.testing.clock().ahead_seconds
            after = client.testing.advance_clock(length, step=step).ahead_seconds
        self.clock.advance(after - before)

    def reset(self) -> None:
        """Forget every account, session, key and mail, and set the server's clock back.

        Make new clients and verifiers afterwards: the clock of the old ones stays ahead, and their keys are gone.
        """
        with AuthClient(self.url) as client:
            self._setup = parse_qs(urlsplit(client.testing.reset().setup_url).query)["token"][0]
        self.clock = VirtualClock()

    def super_admin(self, email: str, password: str) -> AuthClient:
        """Make the first super administrator, which works once, and return a client that they are signed in with."""
        form = {"token": self._setup, "email": email, "password": password}
        answer = httpx2.post(f"{self.url}/setup", data=form, headers={"Origin": self.url}, trust_env=False)
        if answer.status_code != 201:
            raise RuntimeError(f"the first administrator was refused with {answer.status_code}")
        client = self.client()
        client.auth.login(email=email, password=password)
        return client

    def command(self, *arguments: str) -> str:
        """Run a command of the program beside the server, such as `keys rotate`, and return what it prints.

        It works on the server's database, so give that one as a file: `{"database.url": "sqlite:data.db"}`.

        Raises:
            RuntimeError: It failed; what it says is told.
        """
        done = subprocess.run(  # noqa: S603 - the program that the caller names
            [self._program, *arguments, "--profile", "test", *self._settings],
            cwd=self._folder,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=START_UP,
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout

    def stop(self) -> None:
        """End it, and remove its folder."""
        self._process.terminate()
        try:
            self._process.wait(SHUTDOWN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _asking(self) -> dict[str, Any]:
        return {"clock": self.clock, "feed_token": self.feed_token}

    def _verifying(self) -> dict[str, Any]:
        # Time that is moved does not count for the feed, on the server as here.
        return {**self._asking(), "staleness_clock": time.monotonic}

    def _setup_token(self) -> str:
        found = SETUP.search("".join(self._output))
        return found.group(1) if found else ""

    def _read(self, stream: IO[str] | None) -> None:
        if stream is not None:
            with stream:
                for line in stream:
                    self._output.append(line)
                    if READY.search(line):
                        self._is_told.set()
        self._is_told.set()


def _environment() -> dict[str, str]:
    # The caller's own settings are not those of a test server.
    return {name: value for name, value in os.environ.items() if not name.startswith("NTT_AUTH__")}
