"""Database servers of a test's own, which it may stop, kill, freeze and start again.

Unlike the servers of `scripts/test-servers`, which are about speed, these keep what they acknowledged: a commit is on
disk before it is answered.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

START_UP = 60.0
ROOM = 2 << 30


class CannotBeHadError(Exception):
    """The engine is not on this machine; the text says what is missing."""


def wait_for(
    what: str | Callable[[], str], condition: Callable[[], object], patience: float = START_UP, pause: float = 0.02
) -> None:
    """Wait until the condition holds. What is waited for may be described when it did not come."""
    until = time.monotonic() + patience
    while not condition():
        told = what if isinstance(what, str) else what()
        assert time.monotonic() < until, f"waited {patience:.0f} s in vain for {told}"
        time.sleep(pause)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@contextmanager
def data_folder() -> Iterator[Path]:
    """Make a folder that servers of other users can reach, in memory where there is room."""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes the name unforeseeable
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM
    folder = Path(tempfile.mkdtemp(prefix="ntt-auth-e2e.", dir=memory if roomy else None))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def family(pid: int) -> list[int]:
    """Return a process and those that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name stands in brackets and may hold anything.
            after = entry.read_text(errors="replace").rpartition(")")[2].split()
            parents.setdefault(int(after[1]), []).append(int(entry.parent.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


class Engine(ABC):
    """One database server on a port of its own."""

    name: ClassVar[str]
    # What it takes for an order to end without waiting for its clients.
    order: ClassVar[signal.Signals] = signal.SIGTERM
    # Whom it runs as when root starts it.
    user: ClassVar[str | None] = None
    _numbers = count(1)

    def __init__(self, folder: Path, port: int | None = None) -> None:
        """Make its data in a folder; it is not started yet."""
        self.folder = folder
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir()
        if self.run_as is not None:
            shutil.chown(folder, self.run_as, self.run_as)
        self.prepare()

    @property
    def run_as(self) -> str | None:
        """The user it runs as, where that is another."""
        return self.user if os.geteuid() == 0 else None

    @abstractmethod
    def prepare(self) -> None:
        """Make its data."""

    @abstractmethod
    def command(self) -> list[str | Path]:
        """Return the command that becomes the server."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it does what it is asked."""

    @abstractmethod
    def new_database(self) -> str:
        """Make an empty database, and return its URL."""

    def start(self) -> None:
        """Start it on its data and its port, and wait until it answers."""
        wait_for("the port of the server before", self._is_free)
        self.launch()
        wait_for(lambda: f"{self.name} to start:\n{self.log}", self.answers)

    def launch(self) -> None:
        """Start it."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                user=self.run_as,
                group=self.run_as,
                extra_groups=[] if self.run_as else None,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        """The end of what it logged."""
        file = self.folder / "log"
        return file.read_text(errors="replace")[-3000:] if file.exists() else ""

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        process = self._running()
        self.signal(signal.SIGCONT)
        process.send_signal(self.order)
        process.wait(START_UP)
        self._process = None

    def kill(self) -> None:
        """End it as a power cut would."""
        process = self._running()
        self.signal(signal.SIGKILL)
        process.wait(START_UP)
        self._process = None

    def freeze(self) -> None:
        """Have it do nothing, with its connections open."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Have it go on."""
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all its processes."""
        for pid in family(self._running().pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def end(self) -> None:
        """End it if it runs, whatever state it is in."""
        if self._process is not None:
            self.kill()

    def restore(self) -> None:
        """Have it run as at first, whatever was done to it."""
        if self._process is None:
            self.start()
        else:
            self.thaw()
            wait_for(f"{self.name} to answer", self.answers)

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, f"{self.name} does not run"
        return self._process

    def _is_free(self) -> bool:
        with suppress(OSError), socket.create_server(("127.0.0.1", self.port), reuse_port=False):
            return True
        return False

    def _told(self, *command: str | Path) -> str | None:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                cwd=self.folder,
                timeout=START_UP,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
        return done.stdout if done.returncode == 0 else None

    def _demand(self, *command: str | Path) -> None:
        done = subprocess.run(
            command,
            cwd=self.folder,
            user=self.run_as,
            group=self.run_as,
            extra_groups=[] if self.run_as else None,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_UP * 2,
            check=False,
        )
        assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"


def program(name: str, cure: str) -> Path:
    """Find a program, or say what to install."""
    found = shutil.which(name)
    if found is None:
        raise CannotBeHadError(f"{name} is not here: install {cure}")
    return Path(found)


class MariaDb(Engine):
    """MariaDB."""

    name = "mariadb"
    user = "mysql"

    def prepare(self) -> None:
        """Make its data."""
        self._demand(
            program("mariadb-install-db", "mariadb-server"),
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        )

    def command(self) -> list[str | Path]:
        """Return the command that becomes the server."""
        return [
            program("mariadbd", "mariadb-server"),
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            f"--socket={self.folder / 's'}",
            f"--pid-file={self.folder / 'pid'}",
            "--innodb-flush-log-at-trx-commit=1",
            "--innodb-buffer-pool-size=64M",
        ]

    def sql(self, text: str, database: str = "mysql") -> str | None:
        """Run statements, and return what they say; nothing if they fail."""
        client = program("mariadb", "mariadb-client")
        where = ("-h127.0.0.1", f"-P{self.port}", "-uroot", database)
        return self._told(client, "--no-defaults", "--connect-timeout=2", "-NB", *where, "-e", text)

    def answers(self) -> bool:
        """Whether it does what it is asked."""
        return self.sql("SELECT 1") is not None

    def new_database(self) -> str:
        """Make an empty database, and return its URL."""
        database = f"ntt{next(self._numbers)}"
        assert self.sql(f"CREATE DATABASE {database}") is not None, self.log
        return f"mysql://root@127.0.0.1:{self.port}/{database}"


def postgres_program(name: str) -> Path:
    """Find a program of PostgreSQL: they are not on the path."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / name).exists() and (folder / "postgres").exists():
            return folder / name
    return program(name, "postgresql")


class Postgres(Engine):
    """PostgreSQL."""

    name = "postgres"
    # It refuses to run as root.
    user = "postgres"
    # TERM would wait for its clients to go.
    order = signal.SIGINT

    def prepare(self) -> None:
        """Make its data."""
        self._demand(
            postgres_program("initdb"),
            "-D",
            self.folder / "data",
            *("-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync"),
        )

    def command(self) -> list[str | Path]:
        """Return the command that becomes the server."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "shared_buffers": "32MB",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [postgres_program("postgres"), "-D", self.folder / "data", *options]

    def sql(self, text: str, database: str = "postgres") -> str | None:
        """Run statements, and return what they say; nothing if they fail."""
        where = f"host=127.0.0.1 port={self.port} user=postgres dbname={database} connect_timeout=2"
        return self._told(postgres_program("psql"), "-qXAt", "-v", "ON_ERROR_STOP=1", where, "-c", text)

    def answers(self) -> bool:
        """Whether it does what it is asked."""
        return self.sql("SELECT 1") is not None

    def new_database(self) -> str:
        """Make an empty database, and return its URL."""
        database = f"ntt{next(self._numbers)}"
        assert self.sql(f"CREATE DATABASE {database}") is not None, self.log
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"


class MongoDb(Engine):
    """MongoDB, a replica set of one node."""

    name = "mongodb"
    set_name = "s"

    def prepare(self) -> None:
        """Make the folder of its data."""
        (self.folder / "data").mkdir()

    def command(self) -> list[str | Path]:
        """Return the command that becomes the server."""
        return [
            mongod(),
            *("--replSet", self.set_name, "--bind_ip", "127.0.0.1", "--port", str(self.port)),
            *(
                "--dbpath",
                self.folder / "data",
                "--wiredTigerCacheSizeGB",
                "0.25",
                "--oplogSize",
                "64",
                "--nounixsocket",
            ),
        ]

    def connect(self) -> MongoClient[dict[str, Any]]:
        """Speak to it alone."""
        return MongoClient("127.0.0.1", self.port, directConnection=True, serverSelectionTimeoutMS=2000)

    def initiate(self, ports: list[int]) -> None:
        """Make a replica set; a set that is there stays as it is."""
        members = [{"_id": number, "host": f"127.0.0.1:{port}"} for number, port in enumerate(ports)]
        with self.connect() as client, suppress(OperationFailure):
            client.admin.command(
                {
                    "replSetInitiate": {
                        "_id": self.set_name,
                        "members": members,
                        "settings": {"electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500},
                    }
                }
            )

    def is_up(self) -> bool:
        """Whether it answers, be it as a secondary."""
        with suppress(PyMongoError), self.connect() as client:
            return bool(client.admin.command("ping"))
        return False

    def answers(self) -> bool:
        """Whether it does what it is asked."""
        with suppress(PyMongoError), self.connect() as client:
            return bool(client.admin.command("hello")["isWritablePrimary"])
        return False

    def launch(self) -> None:
        """Start it, and make its replica set at the first time."""
        super().launch()
        wait_for(lambda: f"{self.name} to start:\n{self.log}", self.is_up)
        self.initiate([self.port])

    def new_database(self) -> str:
        """Name a database that is not there yet, and return its URL."""
        return f"mongodb://127.0.0.1:{self.port}/ntt{next(self._numbers)}?replicaSet={self.set_name}"


@cache
def mongod() -> Path:
    """Find mongod, which no package of Debian brings."""
    script = Path(__file__).resolve().parent.parent.parent / "scripts" / "server-programs"
    done = subprocess.run([script, "mongodb"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotBeHadError(f"scripts/server-programs mongodb: {done.stderr[-500:]}")
    return Path(done.stdout.strip()) / "mongod"


# Those that the tests run on. Another is one more name here.
ENGINES: dict[str, type[Engine]] = {engine.name: engine for engine in (Postgres, MariaDb, MongoDb)}
