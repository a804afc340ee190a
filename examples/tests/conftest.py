"""Fixtures: one server for all examples, and the people who sign in."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness import PASSWORD, ROOT
from harness.logs import LOGS
from harness.server import Binary, Server
from running import Example, free_port

FEED_TOKEN = "a-feed-token-of-at-least-32-characters"

Run = Callable[..., Example]


@dataclass(frozen=True)
class Person:
    """Somebody with an account."""

    email: str
    user_id: str
    server: Server
    password: str = PASSWORD

    def sign_in(self) -> dict[str, Any]:
        """Sign in, and return the tokens."""
        return self.server.api.login(self.email, self.password)


@pytest.fixture(scope="session")
def program() -> Path:
    """Return the server's program."""
    path = Path(os.environ.get("NTT_AUTH_BIN", ROOT / "target" / "debug" / "ntt-auth"))
    assert path.is_file(), f"{path} is not there: name the program in NTT_AUTH_BIN"
    return path


@pytest.fixture(scope="session")
def spa_port() -> int:
    """Return where the React page is served: its origin is among the server's settings."""
    return free_port()


@pytest.fixture(scope="session")
def server(program: Path, spa_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server that all examples share; what it wrote is searched for secrets at the end."""
    LOGS.folder = tmp_path_factory.mktemp("logs")
    port = free_port()
    settings = {
        "NTT_AUTH__HTTP__LISTEN": f"127.0.0.1:{port}",
        # By name, for the cookies of the page; 127.0.0.1 would be another site.
        "NTT_AUTH__PUBLIC_URL": f"http://localhost:{port}",
        "NTT_AUTH__HTTP__CORS_ORIGINS": f"http://localhost:{spa_port}",
        "NTT_AUTH__REVOCATIONS__FEED_TOKEN": FEED_TOKEN,
    }
    running = Server(Binary(program, tmp_path_factory.mktemp("server"), settings))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def settings(server: Server) -> dict[str, str]:
    """Return the environment that every example reads."""
    address = server.binary.settings["NTT_AUTH__PUBLIC_URL"]
    return {"NTT_AUTH_URL": address, "NTT_AUTH_FEED_TOKEN": FEED_TOKEN, "PORT": "{port}", "NODE_ENV": "production"}


@pytest.fixture(scope="session")
def run(settings: dict[str, str]) -> Iterator[Run]:
    """Start examples; all of them are stopped at the end."""
    with ExitStack() as running:

        def start(folder: str, *command: str, port: int | None = None, **more: str) -> Example:
            one = Example(folder, list(command), settings | more, port)
            running.callback(one.stop)
            return one

        yield start


def person(server: Server, role: str) -> Person:
    """Make an account that nobody else uses."""
    email = f"{role}-{uuid.uuid4().hex[:12]}@example.com"
    made = server.binary.run("user", "create", email, "--role", role, "--password-stdin", stdin=PASSWORD)
    assert made.returncode == 0, made.stderr
    return Person(email, server.api.login(email, PASSWORD)["user"]["userId"], server)


@pytest.fixture
def ada(server: Server) -> Person:
    """Return somebody of the role `user`."""
    return person(server, "user")


@pytest.fixture(scope="session")
def admin(server: Server) -> Person:
    """Return an administrator."""
    return person(server, "admin")


@pytest.fixture(scope="session")
def node() -> Callable[..., str]:
    """Run a script of this folder in Node, and return what it prints."""

    def run_script(script: str, *arguments: str) -> str:
        result = subprocess.run(
            ["node", Path(__file__).parent / script, *arguments],  # noqa: S607 - found on the path on purpose
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert result.returncode == 0, result.stderr + result.stdout
        return result.stdout

    return run_script
