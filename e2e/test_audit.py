"""The audit trail over the running program: verified from outside, tampered with, and found out (PRO-5, V16.4.2)."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import shutil
import sqlite3
import struct
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from harness import PASSWORD, Start

if TYPE_CHECKING:
    from pathlib import Path

    from harness.server import Binary, Server

ABSENT = b"\xff\xff\xff\xff"
FORMULA = "=cmd|' /C calc'!A0"
HASH = 32


def unpadded(text: str) -> bytes:
    """Decode base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def field(value: bytes | None) -> bytes:
    """Encode one part of an event, as docs/AUDIT.md says."""
    return ABSENT if value is None else struct.pack(">I", len(value)) + value


def hash_of(previous: bytes, event: dict[str, Any]) -> bytes:
    """Compute the hash of an exported event, as docs/AUDIT.md says."""
    chain = event["chain"]
    parts = [
        event["kind"].encode(),
        *(unpadded(mark) if (mark := chain[name]) else None for name in ("actorMark", "subjectMark", "sessionMark")),
        event["detail"].encode() if event["detail"] is not None else None,
        unpadded(chain["sealed"]) if chain["sealed"] else None,
    ]
    return hashlib.sha256(
        b"ntt-auth audit event 1\n"
        + previous
        + struct.pack(">q", event["sequence"])
        + uuid.UUID(event["eventId"]).bytes
        + struct.pack(">q", chain["millis"])
        + b"".join(map(field, parts))
    ).digest()


def verify_from_outside(lines: list[dict[str, Any]]) -> int:
    """Verify an export with nothing but what is in it; return how many checkpoints it was compared with."""
    trail, *rest = lines
    assert trail["type"] == "trail"
    hashes = {trail["beginning"]["sequence"]: unpadded(trail["beginning"]["hash"])}
    key = Ed25519PublicKey.from_public_bytes(unpadded(trail["key"]["x"]))
    compared = 0
    for line in rest:
        if line["type"] == "event":
            sequence = line["sequence"]
            hashes[sequence] = hash_of(hashes[sequence - 1], line)
            assert hashes[sequence] == unpadded(line["chain"]["hash"]), sequence
        else:
            statement, signature = line["checkpoint"].rsplit(".", 1)
            key.verify(unpadded(signature), statement.encode())
            _, number, _, _, digest, _ = statement.split(".")
            assert hashes[int(number)] == unpadded(digest), number
            compared += 1
    return compared


def database(binary: Binary) -> Path:
    """Return where the database is."""
    return binary.folder / "data" / "ntt-auth.db"


def happenings(server: Server) -> None:
    """Let a few things happen."""
    for name in ("ada", "bob"):
        body = {"email": f"{name}@example.com", "password": PASSWORD}
        assert server.api.send("POST", "/api/v1/auth/register", json_body=body).status in (201, 202)
        server.api.login(f"{name}@example.com", PASSWORD)
    body = {"email": "ada@example.com", "password": "Wrong-Word-1843"}
    answer = server.api.send("POST", "/api/v1/auth/login", json_body=body, headers={"User-Agent": FORMULA})
    assert answer.code == "invalid_credentials"


def exported(binary: Binary, *arguments: str) -> str:
    """Return an export."""
    done = binary.run("audit", "export", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def verified(binary: Binary, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Verify, and return the exit status and what was found."""
    done = binary.run("audit", "verify", "--json", *arguments)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_pro5_an_outsider_verifies_an_export_by_the_documented_rules(start: Start) -> None:
    server = start()
    happenings(server)
    binary = server.binary
    checkpoint = binary.run("audit", "checkpoint").stdout.strip()
    lines = [json.loads(line) for line in exported(binary).splitlines()]
    events = [line for line in lines if line["type"] == "event"]
    assert {"registered", "signed_in", "sign_in_failed", "audit_exported"} <= {event["kind"] for event in events}
    assert verify_from_outside(lines) >= 1
    assert checkpoint in [line.get("checkpoint") for line in lines]
    published = json.loads(binary.run("audit", "key", "--json").stdout)
    assert {name: published[name] for name in ("kty", "crv", "kid", "x")} == lines[0]["key"]

    altered = json.loads(json.dumps(lines))
    next(line for line in altered if line.get("kind") == "sign_in_failed")["kind"] = "signed_in"
    with pytest.raises(AssertionError):
        verify_from_outside(altered)
    forged = json.loads(json.dumps(lines))
    forged[-1]["checkpoint"] = forged[-1]["checkpoint"].replace("ntt-audit-1.", "ntt-audit-1.1", 1)
    with pytest.raises(InvalidSignature):
        verify_from_outside(forged)
    assert verified(binary)[0] == 0


def test_v16_4_2_every_way_of_tampering_is_told_with_its_place(start: Start) -> None:
    server = start()
    happenings(server)
    binary = server.binary
    assert verified(binary) == (0, verified(binary)[1])
    lines = [json.loads(line) for line in exported(binary).splitlines()]
    events = {line["sequence"]: line for line in lines if line["type"] == "event"}
    last = max(events)
    kept = binary.folder / "kept.db"
    with sqlite3.connect(database(binary)) as source, sqlite3.connect(kept) as copy:
        source.backup(copy)

    def after(*statements: tuple[str, tuple[object, ...]]) -> set[tuple[str, int | None]]:
        with sqlite3.connect(database(binary)) as intruder:
            for statement, values in statements:
                intruder.execute(statement, values)
        status, report = verified(binary)
        with sqlite3.connect(kept) as source, sqlite3.connect(database(binary)) as copy:
            source.backup(copy)
        assert status == (0 if report["whole"] else 1)
        return {(finding["code"], finding["sequence"]) for finding in report["findings"]}

    assert after() == set()
    assert after(("UPDATE audit_events SET kind = 'user_deleted' WHERE sequence = 3", ())) == {("edited", 3)}
    assert after(("DELETE FROM audit_events WHERE sequence = 3", ())) == {("missing", 3)}
    assert after(("DELETE FROM audit_events WHERE sequence > 3", ())) == {("cut_tail", 4)}
    swap = [
        ("UPDATE audit_events SET sequence = ? WHERE sequence = ?", numbers) for numbers in ((-1, 2), (2, 4), (4, -1))
    ]
    assert {("reordered", 2), ("reordered", 4)} <= after(*swap)

    # Whoever knows the rules computes every hash anew, and still cannot make the codes.
    rewritten: list[tuple[str, tuple[object, ...]]] = []
    events[3]["detail"] = "nothing happened"
    previous = unpadded(events[2]["chain"]["hash"])
    for sequence in range(3, last + 1):
        previous = hash_of(previous, events[sequence])
        assert len(previous) == HASH
        change = "UPDATE audit_events SET detail = ?, hash = ? WHERE sequence = ?"
        rewritten.append((change, (events[sequence]["detail"], previous, sequence)))
    rewritten.append(("UPDATE audit_head SET hash = ?", (previous,)))
    found = after(*rewritten)
    assert {("foreign", sequence) for sequence in range(3, last + 1)} | {("head_altered", None)} == found


def test_v16_4_2_a_database_put_back_is_found_by_the_checkpoints_in_the_log(start: Start) -> None:
    server = start()
    happenings(server)
    binary = server.binary
    server.stop()
    older = binary.folder / "older.db"
    shutil.copy(database(binary), older)
    again = type(server)(binary)
    happenings_later(again)
    again.stop()
    log = binary.folder / "shipped.log"
    log.write_text("".join(server.log + again.log))
    assert "the audit trail was signed" in log.read_text()
    assert verified(binary, "--checkpoint", str(log))[0] == 0

    shutil.copy(older, database(binary))
    for rest in ("-wal", "-shm"):
        database(binary).with_name(database(binary).name + rest).unlink(missing_ok=True)
    assert verified(binary)[0] == 0
    status, report = verified(binary, "--checkpoint", str(log))
    assert status == 1
    assert [finding["code"] for finding in report["findings"]] == ["cut_tail"]
    told = binary.run("audit", "verify", "--checkpoint", str(log))
    assert "the tail was cut" in told.stdout
    assert "the audit trail does not hold" in told.stderr


def happenings_later(server: Server) -> None:
    """Let something happen that somebody wants undone."""
    server.api.login("bob@example.com", PASSWORD)


def test_e48_v1_2_10_no_cell_of_an_exported_table_is_a_formula(start: Start) -> None:
    server = start()
    happenings(server)
    rows = list(csv.DictReader(io.StringIO(exported(server.binary, "--format", "csv"), newline="")))
    assert "'" + FORMULA in {row["userAgent"] for row in rows}
    assert not [cell for row in rows for cell in row.values() if cell and cell[0] in "=+-@\t\r\n"]
    target = server.binary.folder / "trail.csv"
    exported(server.binary, "--format", "csv", "--output", str(target))
    assert target.stat().st_mode & 0o077 == 0
    refused = server.binary.run("audit", "export", "--output", str(target))
    assert refused.returncode == 4
    assert "is there already" in refused.stderr


def test_pro5_events_are_listed_on_the_command_line(start: Start) -> None:
    server = start()
    happenings(server)
    done = server.binary.run("audit", "list", "--subject", "ada@example.com", "--json")
    kinds = [json.loads(line)["kind"] for line in done.stdout.splitlines()]
    assert kinds[0] == "sign_in_failed"
    assert set(kinds) >= {"registered", "signed_in"}
    table = server.binary.run("audit", "list", "--result", "failure", "--limit", "1").stdout
    assert "sign_in_failed" in table
    assert "127.0.0.1" in table
