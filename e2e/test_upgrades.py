"""Two versions serve one database while one replaces the other: a program works on the schema of the next one."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from harness import Start
from harness.engines import Engine, MariaDb, MongoDb, Postgres
from harness.load import Load
from harness.server import Binary

SETTINGS = {"NTT_AUTH__LOG__LEVEL": "info", "NTT_AUTH__PUBLIC_URL": "http://auth.example.com"}
Run = Callable[[str], list[str]]


def on_sqlite(file: Path) -> Run:
    """Run statements on a file."""

    def run(text: str) -> list[str]:
        with closing(sqlite3.connect(file)) as database, database:
            return [str(row[0]) for row in database.execute(text).fetchall()]

    return run


def on_server(engine: MariaDb | Postgres, database: str) -> Run:
    """Run statements on a server."""

    def run(text: str) -> list[str]:
        told = engine.sql(text, database)
        assert told is not None, text
        return told.split()

    return run


def take_next_step(run: Run, tables: str) -> None:
    """Take a step of a program yet to be written: everything has more than this one knows of."""
    newest = max(run("SELECT name FROM migrations"))
    for table in run(tables):
        run(f"ALTER TABLE {table} ADD COLUMN from_the_future INTEGER")
    run("CREATE TABLE of_the_future (id BIGINT NOT NULL PRIMARY KEY)")
    run("CREATE INDEX users_of_the_future ON users (from_the_future)")
    name = f"9998_future_from_{newest.split('_')[0]}"
    run(f"INSERT INTO migrations (name, checksum, finished) VALUES ('{name}', 'of the future', 1)")  # noqa: S608


def refuses(start_settings: dict[str, str], program: Path, folder: Path) -> str:
    """Start a server that must not start; return what it says."""
    done = Binary(program, folder, start_settings).run("serve")
    assert done.returncode not in {0, 101}
    return done.stderr


def works_before_and_after(start: Start, folder: Path, settings: dict[str, str], extend: Callable[[], object]) -> None:
    """See that a server goes on while the schema is extended under it, and starts on that."""
    server = start(settings, folder)
    with Load(server.base, "before") as load:
        load.await_answered(3, time.monotonic(), well=True)
        extend()
        load.await_answered(5, time.monotonic(), well=True)
    statuses = load.statuses(load.READS | load.WRITES)
    assert not [status for status in statuses if status.endswith((" 0", " 500", " 503"))], statuses
    server.stop()
    server = start(settings, folder)
    load.ledger.check(server.base)
    with Load(server.base, "after") as load:
        load.await_answered(5, time.monotonic(), well=True)
    load.ledger.check(server.base)
    listed = server.binary.run("user", "list")
    assert listed.returncode == 0, listed.stderr
    server.stop()


def test_it_works_on_the_next_schema_in_sqlite(start: Start, program: Path, tmp_path: Path) -> None:
    run = on_sqlite(tmp_path / "data" / "ntt-auth.db")
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    works_before_and_after(start, tmp_path, SETTINGS, lambda: take_next_step(run, tables))
    run("INSERT INTO migrations (name, checksum, finished) VALUES ('9999_break', '0', 1)")
    assert "newer version of this program" in refuses(SETTINGS, program, tmp_path)


def test_it_works_on_the_next_schema(start: Start, program: Path, engine: Engine, tmp_path: Path) -> None:
    url = engine.new_database()
    database = urlsplit(url).path[1:]
    settings = SETTINGS | {"NTT_AUTH__DATABASE__URL": url}
    if isinstance(engine, MongoDb):
        with engine.connect() as client:
            steps = client[database]["migrations"]

            def extend() -> None:
                newest = max(str(step["_id"]) for step in steps.find({"checksum": {"$exists": True}}))
                steps.insert_one({"_id": f"9998_future_from_{newest.split('_')[0]}", "checksum": "of the future"})
                for name in client[database].list_collection_names():
                    if name != "migrations":
                        client[database][name].update_many({}, {"$set": {"from_the_future": 1}})
                client[database]["users"].create_index("from_the_future", name="of_the_future", sparse=True)
                client[database].create_collection("of_the_future")

            works_before_and_after(start, tmp_path, settings, extend)
            steps.insert_one({"_id": "9999_break", "checksum": "0"})
    elif isinstance(engine, MariaDb | Postgres):
        run = on_server(engine, database)
        scheme = "public" if isinstance(engine, Postgres) else database
        tables = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{scheme}'"  # noqa: S608
        works_before_and_after(start, tmp_path, settings, lambda: take_next_step(run, tables))
        run("INSERT INTO migrations (name, checksum, finished) VALUES ('9999_break', '0', 1)")
    else:
        pytest.fail(f"no next schema is written for {engine.name}")
    assert "newer version of this program" in refuses(settings, program, tmp_path)
