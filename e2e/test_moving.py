"""Moving in from five systems, and out again (ACC-12): files in their own formats, each proven by signing in."""

from __future__ import annotations

import http.client
import json
import os
import signal
import stat
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness import PASSWORD, ROOT, Start
from harness.server import Server

FILES = ROOT / "e2e" / "fixtures" / "moving"
THEIRS = "Moving-House-7-Lantern"


@dataclass(frozen=True)
class Source:
    """A file that accounts move in from, and who of them can sign in."""

    file: str
    format: str
    people: tuple[str, ...]
    more: tuple[str, ...] = ()
    password: str = THEIRS
    # What the program exits with: 5 if a row makes no account.
    code: int = 0


SOURCES = [
    Source("auth0-users.ndjson", "auth0", (), ("--role", "editor=moderator")),
    Source("auth0-hashes.ndjson", "auth0", ("ada@auth0.example",), ("--on-conflict", "update")),
    Source(
        "auth0-bulk.json",
        "auth0",
        ("bcrypt@auth0.example", "argon2@auth0.example", "pbkdf2@auth0.example", "scrypt@auth0.example"),
        code=5,
    ),
    Source(
        "firebase-users.json",
        "firebase",
        ("published@firebase.example",),
        ("--firebase-config", str(FILES / "firebase-hash-config.txt")),
        password="user1password",
        code=5,
    ),
    Source(
        "firebase-users.json",
        "firebase",
        ("websafe@firebase.example",),
        ("--firebase-config", str(FILES / "firebase-hash-config.txt")),
        code=5,
    ),
    Source(
        "keycloak-realm.json",
        "keycloak",
        tuple(f"{name}@keycloak.example" for name in ("sha256", "sha512", "argon2", "legacy")),
        ("--role", "manager=admin"),
        code=5,
    ),
    Source("supabase-users.csv", "supabase", ("csv@supabase.example", "argon2@supabase.example"), code=5),
    Source("supabase-dump.sql", "supabase", ("copy@supabase.example",)),
    Source(
        "django-dump.json",
        "django",
        tuple(
            f"{name}@django.example"
            for name in ("pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "scrypt", "boss", "address")
        ),
        ("--role", "superuser=super_admin", "--role", "staff=moderator"),
        code=5,
    ),
    Source("django-dump.jsonl", "django", ("scrypt@django.example",), code=5),
]


def hash_of(server: Server, folder: Path, email: str) -> str:
    """Return the hash that is stored of an account."""
    path = folder / "peek.jsonl"
    path.unlink(missing_ok=True)
    done = server.binary.run("export", "--to", str(path), "--with-hashes")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.unlink()
    return str(next(row["passwordHash"] for row in rows if row["email"] == email))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.file)
def test_people_move_in_with_their_passwords(start: Start, tmp_path: Path, source: Source) -> None:
    server = start()
    report = tmp_path / "report.jsonl"
    arguments = ("--from", str(FILES / source.file), "--format", source.format, *source.more)

    dry = server.binary.run("import", *arguments, "--dry-run")
    assert "Dry run" in dry.stdout, dry.stderr
    assert server.binary.run("user", "list", "--json").stdout == ""
    done = server.binary.run("import", *arguments, "--report", str(report), "--json")
    assert done.returncode == source.code, done.stderr

    counts = json.loads(done.stdout)
    problems = [json.loads(line) for line in report.read_text().splitlines()]
    assert sum(problem["outcome"] == "rejected" for problem in problems) == counts["rejected"]
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    # Neither a hash nor an address.
    assert "$" not in report.read_text()
    assert ".example" not in report.read_text()
    for email in source.people:
        before = hash_of(server, tmp_path, email)
        refused = server.api.post("/api/v1/auth/login", {"email": email, "password": PASSWORD})
        assert refused.code == "invalid_credentials"
        server.api.login(email, source.password)
        after = hash_of(server, tmp_path, email)
        # A bcrypt hash that is no weaker than ours is left alone; every other is made anew.
        assert after.startswith("$2")
        assert after != before or before.startswith("$2")
        server.api.login(email, source.password)


def lines(count: int) -> Iterator[str]:
    """Return rows of our own format."""
    for number in range(count):
        yield json.dumps(
            {
                "email": f"mover{number}@example.org",
                "firstName": "Mover",
                "passwordHash": "$2b$10$.qHPp/srqo1NKxr1dvlkmOdqAbH2Rg0qPv2Txj3ZwXfjJnewSjc4m",
            }
        )


def test_an_import_that_was_killed_goes_on_without_duplicates(start: Start, tmp_path: Path) -> None:
    server = start()
    count = 30_000
    file = tmp_path / "movers.jsonl"
    file.write_text("\n".join(lines(count)) + "\n")
    arguments = ["import", "--from", str(file), "--format", "jsonl", "--resume", "--json"]
    kills = 0
    while kills < 3:
        process = subprocess.Popen(
            [server.binary.program, *arguments],
            cwd=server.binary.folder,
            env=server.binary.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        before = listed(server)
        # As soon as it has written something, it is killed in the middle of what it writes next.
        while process.poll() is None and listed(server) == before:
            pass
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
    assert 0 < listed(server) < count

    done = server.binary.run(*arguments)

    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert counts["rows"] == counts["added"] == count
    assert counts["skipped"] == counts["rejected"] == 0
    assert listed(server) == count
    again = server.binary.run(*arguments)
    assert json.loads(again.stdout) == counts


def listed(server: Server) -> int:
    """Return how many accounts there are, as the health of a copy would tell: by a look into the database."""
    import sqlite3  # noqa: PLC0415

    with sqlite3.connect(f"file:{server.binary.folder}/data/ntt-auth.db?mode=ro", uri=True) as database:
        return int(database.execute("SELECT COUNT(*) FROM users").fetchone()[0])


@pytest.mark.parametrize("format_", ["jsonl", "csv"])
def test_who_moves_out_moves_in_elsewhere(start: Start, tmp_path: Path, format_: str) -> None:
    here, there = start(folder=new(tmp_path, "here")), start(folder=new(tmp_path, "there"))
    here.api.register("ada@example.com", PASSWORD)
    token = here.api.login("ada@example.com", PASSWORD)["accessToken"]
    names = {"firstName": '=HYPERLINK("x")', "lastName": '山田, "O\'Brien"', "metadata": {"a": '1\n2,"3"'}}
    assert here.api.send("PATCH", "/api/v1/users/me", json_body=names, bearer=token).status == 200
    file = tmp_path / "everybody"

    made = here.binary.run("export", "--to", str(file), "--format", format_, "--with-hashes")
    assert made.returncode == 0, made.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = here.binary.run("export", "--to", str(file), "--format", format_)
    assert again.returncode == 4
    assert "is there already" in again.stderr
    moved = there.binary.run("import", "--from", str(file), "--format", format_)
    assert moved.returncode == 0, moved.stderr

    user = there.api.login("ada@example.com", PASSWORD)["user"]
    assert user["firstName"] == names["firstName"]
    assert user["lastName"] == names["lastName"]
    assert user["metadata"] == names["metadata"]
    without = here.binary.run("export", "--to", "-", "--format", format_)
    assert "$2b$" not in without.stdout
    assert "ada@example.com" in without.stdout


def new(folder: Path, name: str) -> Path:
    """Return a new folder."""
    made = folder / name
    made.mkdir()
    return made


def admin_of(server: Server) -> str:
    """Make a super administrator and return their access token."""
    made = server.binary.run(
        "user", "create", "root@example.com", "--role", "super_admin", "--password-stdin", stdin=PASSWORD
    )
    assert made.returncode == 0, made.stderr
    return str(server.api.login("root@example.com", PASSWORD)["accessToken"])


def test_v5_2_1_a_body_of_a_gigabyte_is_refused_early_and_takes_no_memory(start: Start) -> None:
    server = start({"NTT_AUTH__HTTP__MAX_IMPORT": str(64 << 20)})
    token = admin_of(server)
    path = "/api/v1/users/import?format=jsonl&dryRun=true"
    headers = {"Content-Type": "application/x-ndjson", "Content-Length": str(1 << 30)}
    announced = server.api.send("POST", path, bearer=token, headers=headers)
    assert announced.code == "payload_too_large"

    before = server.resident
    address = urlsplit(server.base)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    sent, most = 0, before

    def endless() -> Iterator[bytes]:
        nonlocal sent, most
        # One row that never ends.
        yield b'{"email":"'
        while sent < 1 << 30:
            yield b"x" * (1 << 20)
            sent += 1 << 20
            most = max(most, server.resident)

    try:
        connection.request(
            "POST",
            path,
            body=endless(),
            headers={"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {token}"},
            encode_chunked=True,
        )
    except (BrokenPipeError, ConnectionResetError):
        pass
    else:
        assert connection.getresponse().status == 413
    connection.close()
    assert sent < 256 << 20, "the server read on"
    assert most - before < 48 << 10, f"{before} KiB grew to {most} KiB"
    assert server.api.get("/health/ready").status == 200


def test_an_import_over_http_tells_what_became_of_it(start: Start) -> None:
    server = start()
    token = admin_of(server)
    body = (FILES / "keycloak-realm.json").read_bytes()
    answer = server.api.send(
        "POST",
        "/api/v1/users/import?format=keycloak&roles=manager:admin",
        body=body,
        bearer=token,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status == 200, answer.body
    report: dict[str, Any] = answer.json()
    assert (report["added"], report["rejected"]) == (5, 1)
    assert report["problems"][0]["code"] == "required"
    assert server.api.login("sha512@keycloak.example", THEIRS)["user"]["userId"].startswith("00000002-")
    exported = server.api.get("/api/v1/users/export?format=csv", bearer=token)
    assert exported.status == 200
    assert exported.body.count(b"@keycloak.example") == 5


def test_a_server_answers_while_an_import_runs(start: Start, tmp_path: Path) -> None:
    server = start()
    server.api.register("ada@example.com", PASSWORD)
    file = tmp_path / "movers.jsonl"
    file.write_text("\n".join(lines(10_000)) + "\n")
    done: list[subprocess.CompletedProcess[str]] = []
    importing = threading.Thread(
        target=lambda: done.append(server.binary.run("import", "--from", str(file), "--format", "jsonl"))
    )
    importing.start()
    logins = 0
    while importing.is_alive():
        server.api.login("ada@example.com", PASSWORD)
        logins += 1
    importing.join()
    assert done[0].returncode == 0, done[0].stderr
    assert logins > 0
