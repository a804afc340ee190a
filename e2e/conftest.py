"""Fixtures: the binary under test, one shared server, and servers of one's own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness import PASSWORD, ROOT, Node, Start
from harness.api import Api
from harness.engines import ENGINES, CannotBeHadError, Engine, data_folder
from harness.logs import LOGS
from harness.mail import MailServer
from harness.server import Binary, Server

KINDS = {"browser": "a Chromium", "node": "Node 20", "curl": "curl and jq"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say what this machine does not have."""
    parser.addoption("--long", action="store_true", help="run the tests that take minutes, and those alone")
    for kind, what in KINDS.items():
        parser.addoption(f"--without-{kind}", action="store_true", help=f"skip the tests that need {what}")


def pytest_configure(config: pytest.Config) -> None:
    """Name the markers."""
    for kind, what in KINDS.items():
        config.addinivalue_line("markers", f"{kind}: needs {what}")
    config.addinivalue_line("markers", "long: takes minutes; run with --long")
    config.addinivalue_line("markers", "last: judges the whole run, and comes after everything else")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what was said to be missing, and put last what judges the rest."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)
    is_long = bool(config.getoption("--long"))
    left = [item for item in items if (item.get_closest_marker("long") is not None) is not is_long]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]
    for item in items:
        for kind, what in KINDS.items():
            if item.get_closest_marker(kind) and config.getoption(f"--without-{kind}"):
                item.add_marker(pytest.mark.skip(reason=f"{what} is not here"))


@pytest.fixture(scope="session")
def program() -> Path:
    """Return the binary under test."""
    path = Path(os.environ.get("NTT_AUTH_BIN", ROOT / "target" / "debug" / "ntt-auth"))
    assert path.is_file(), f"{path} is not there: run `make test-e2e`, or name the binary in NTT_AUTH_BIN"
    return path


@pytest.fixture(scope="session", autouse=True)
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep what every server of the run logs; return the folder."""
    LOGS.folder = tmp_path_factory.mktemp("logs")
    return LOGS.folder


@pytest.fixture(scope="session")
def server(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server that the whole run shares; what it wrote is searched for secrets at the end."""
    running = Server(Binary(program, tmp_path_factory.mktemp("shared"), {}))
    yield running
    running.stop()


@pytest.fixture
def api(server: Server) -> Api:
    """Return the shared server's API."""
    return server.api


@pytest.fixture(scope="session")
def super_admin(server: Server) -> str:
    """Return the access token of a super administrator of the shared server."""
    made = server.binary.run(
        "user",
        "create",
        "root@example.com",
        "--role",
        "super_admin",
        "--password-stdin",
        stdin=PASSWORD,
    )
    assert made.returncode == 0, made.stderr
    return str(server.api.login("root@example.com", PASSWORD)["accessToken"])


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    """Run a mail server of one's own."""
    server = MailServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def start(program: Path, tmp_path: Path) -> Iterator[Start]:
    """Start a server of one's own, with settings of one's own."""
    with ExitStack() as running:

        def start_one(settings: dict[str, str] | None = None, folder: Path = tmp_path) -> Server:
            one = Server(Binary(program, folder, settings or {}))
            running.callback(one.stop)
            return one

        yield start_one


@pytest.fixture(scope="session", params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Run a database server of the tests' own, of each kind in turn."""
    with data_folder() as folder:
        try:
            one = ENGINES[request.param](folder / request.param)
        except CannotBeHadError as error:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(str(error))
        one.start()
        yield one
        one.end()


@pytest.fixture(scope="session")
def node() -> Node:
    """Run a script of e2e/node with arguments and return what it prints."""

    def run(script: str, *arguments: str) -> str:
        result = subprocess.run(
            ["node", ROOT / "e2e" / "node" / script, *arguments],  # noqa: S607 - found on the path on purpose
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert result.returncode == 0, result.stderr + result.stdout
        return result.stdout

    return run
