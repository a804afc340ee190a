"""Clusters of database servers that survive the loss of a member."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from harness.engines import (
    CannotBeHadError,
    Engine,
    MariaDb,
    MongoDb,
    Postgres,
    free_port,
    postgres_program,
    program,
    wait_for,
)

PATIENCE = 120.0


class Cluster(ABC):
    """Some servers that hold the same."""

    name: ClassVar[str]
    # How long nobody can write, at the most, when a member is lost.
    gap: ClassVar[float]
    members: Sequence[Engine]

    @abstractmethod
    def start(self) -> None:
        """Start all."""

    @abstractmethod
    def url(self) -> str:
        """Make an empty database, and return its URL, which names every member."""

    @abstractmethod
    def used(self) -> Engine:
        """Return the member that is written to."""

    def lost(self, member: Engine) -> None:  # noqa: B027 - most clusters need nobody
        """Do what an operator, or the operator's tool, does when a member is gone."""

    @abstractmethod
    def rejoin(self, member: Engine) -> None:
        """Take a member back."""

    def end(self) -> None:
        """End all."""
        for member in self.members:
            member.end()

    def hosts(self) -> str:
        """Return the addresses of all members."""
        return ",".join(f"127.0.0.1:{member.port}" for member in self.members)


class GaleraNode(MariaDb):
    """A member of a Galera cluster. It must not be root: its tools for joining refuse that."""

    def __init__(self, folder: Path, group: list[tuple[int, int]]) -> None:
        """Be the next member of those that are listed by their port and the first of their ports for each other."""
        self.group = group
        self.place = int(folder.name)
        self.is_first = False
        super().__init__(folder, group[self.place][0])

    def command(self) -> list[str | Path]:
        """Return the command that becomes the server."""
        if not Path("/usr/lib/galera/libgalera_smm.so").exists():
            raise CannotBeHadError("Galera is not here: install galera-4 and rsync")
        program("rsync", "rsync")
        own = self.group[self.place][1]
        members = ",".join(f"127.0.0.1:{base}" for _, base in self.group)
        listen = f"gmcast.listen_addr=tcp://127.0.0.1:{own};base_port={own};ist.recv_addr=127.0.0.1:{own + 1}"
        return [
            *super().command(),
            "--binlog-format=ROW",
            "--innodb-autoinc-lock-mode=2",
            "--wsrep-on=ON",
            "--wsrep-provider=/usr/lib/galera/libgalera_smm.so",
            "--wsrep-cluster-name=ntt",
            f"--wsrep-cluster-address=gcomm://{members}",
            f"--wsrep-node-name=n{self.place}",
            f"--wsrep-node-address=127.0.0.1:{own}",
            f"--wsrep-node-incoming-address=127.0.0.1:{self.port}",
            "--wsrep-sst-method=rsync",
            f"--wsrep-sst-receive-address=127.0.0.1:{own + 2}",
            f"--wsrep-provider-options={listen};gcache.size=64M",
            *(["--wsrep-new-cluster"] if self.is_first else []),
        ]

    def answers(self) -> bool:
        """Whether it has all that the others have, and may be written to."""
        told = self.sql("SHOW STATUS LIKE 'wsrep_local_state_comment'")
        return told is not None and "Synced" in told


class Galera(Cluster):
    """MariaDB Galera of three."""

    name = "galera"
    gap = 20.0

    def __init__(self, folder: Path) -> None:
        """Make their data."""
        group = [(free_port(), run_of_ports()) for _ in range(3)]
        self.members: list[GaleraNode] = [GaleraNode(folder / str(place), group) for place in range(3)]

    def start(self) -> None:
        """Start one after the other: each copies what is there."""
        for place, member in enumerate(self.members):
            member.is_first = place == 0
            member.start()
            member.is_first = False

    def url(self) -> str:
        """Make an empty database, and return its URL."""
        database = self.members[0].new_database().rsplit("/", 1)[1]
        return f"mysql://root@{self.hosts()}/{database}"

    def used(self) -> Engine:
        """Return the member that is written to: any can be, and the first that answers is."""

        def statements(member: GaleraNode) -> int:
            told = member.sql("SELECT COUNT(*) FROM information_schema.processlist WHERE db LIKE 'ntt%'")
            return int(told or 0)

        return max(self.members, key=statements)

    def rejoin(self, member: Engine) -> None:
        """Take a member back."""
        member.start()


class PostgresPair(Cluster):
    """PostgreSQL with a standby that has each commit before it is answered."""

    name = "postgres-pair"
    gap = 20.0

    def __init__(self, folder: Path) -> None:
        """Make the data of the primary."""
        self.folder = folder
        self.members: list[Postgres] = [Postgres(folder / "primary")]

    def start(self) -> None:
        """Start the primary, copy it, and start the copy."""
        (primary,) = self.members
        settings = "synchronous_standby_names = 'FIRST 1 (standby)'\nwal_level = replica\n"
        with (primary.folder / "data" / "postgresql.conf").open("a") as file:
            file.write(settings)
        # Until there is a standby nothing that is written is answered.
        primary.start()
        standby = Standby(self.folder / "standby", primary)
        self.members.append(standby)
        standby.launch()
        wait_for("the standby", lambda: primary.sql("SELECT sync_state FROM pg_stat_replication") == "sync\n")

    def url(self) -> str:
        """Make an empty database, and return its URL."""
        database = self.members[0].new_database().rsplit("/", 1)[1]
        return f"postgres://postgres@{self.hosts()}/{database}"

    def used(self) -> Engine:
        """Return the primary."""
        return self.members[0]

    def lost(self, member: Engine) -> None:
        """Promote the standby, which waits for no other."""
        standby = self.members[1]
        assert member is not standby
        standby.sql("ALTER SYSTEM SET synchronous_standby_names = ''")
        # A standby may not write its configuration by a statement.
        with (standby.folder / "data" / "postgresql.auto.conf").open("a") as file:
            file.write("synchronous_standby_names = ''\n")
        assert standby.sql("SELECT pg_reload_conf()") is not None
        assert standby.sql("SELECT pg_promote(true)") == "t\n", standby.log

    def rejoin(self, member: Engine) -> None:
        """Leave it away: a primary that was lost is copied anew, which is not what is tested."""


class Standby(Postgres):
    """A copy of a server, which follows it."""

    def __init__(self, folder: Path, primary: Postgres) -> None:
        """Copy what is there."""
        self.primary = primary
        super().__init__(folder)

    def prepare(self) -> None:
        """Make its data."""
        source = f"host=127.0.0.1 port={self.primary.port} user=postgres application_name=standby"
        self._demand(postgres_program("pg_basebackup"), "-d", source, "-D", self.folder / "data", "-R", "-X", "stream")
        if self.run_as is not None:
            shutil.chown(self.folder / "data", self.run_as, self.run_as)


class ReplicaSetNode(MongoDb):
    """A member of a replica set that others make."""

    def launch(self) -> None:
        """Start it."""
        Engine.launch(self)

    def start(self) -> None:
        """Start it, and wait until it has joined the others."""
        self.launch()
        wait_for(lambda: f"{self.name} to start:\n{self.log}", self.is_up)


class ReplicaSet(Cluster):
    """MongoDB of three."""

    name = "replica-set"
    gap = 40.0

    def __init__(self, folder: Path) -> None:
        """Make their folders."""
        self.members: list[ReplicaSetNode] = [ReplicaSetNode(folder / str(place)) for place in range(3)]

    def start(self) -> None:
        """Start all, and have them elect one."""
        for member in self.members:
            member.start()
        self.members[0].initiate([member.port for member in self.members])
        wait_for("a primary", lambda: any(member.answers() for member in self.members), PATIENCE)

    def url(self) -> str:
        """Name a database that is not there yet, and return its URL."""
        database = self.members[0].new_database().rsplit("/", 1)[1]
        return f"mongodb://{self.hosts()}/{database}"

    def used(self) -> Engine:
        """Return the primary."""
        return next(member for member in self.members if member.answers())

    def rejoin(self, member: Engine) -> None:
        """Take a member back."""
        member.start()


def run_of_ports() -> int:
    """Return the first of three ports that nobody listens on."""
    while (first := free_port()) > 65_000:
        pass
    return first


CLUSTERS: dict[str, type[Galera | PostgresPair | ReplicaSet]] = {
    cluster.name: cluster for cluster in (Galera, PostgresPair, ReplicaSet)
}
