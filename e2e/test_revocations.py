"""Services follow revocations through the stream of any node."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from harness import PASSWORD, Start
from harness.events import Events
from harness.server import Server

FEED = "/api/v1/revocations"
STREAM = f"{FEED}/stream"
TOKEN = "Feed-Token-Of-All-Services-0123456789"
SETTINGS = {"NTT_AUTH__REVOCATIONS__FEED_TOKEN": TOKEN}
# What the stream promises.
SOON = 1.0


def nodes(start: Start, folder: Path) -> tuple[Server, Server]:
    """Start two nodes at one store."""
    shared = SETTINGS | {"NTT_AUTH__PUBLIC_URL": "http://auth.example.com"}
    return start(shared, folder), start(shared, folder)


def signed_out(server: Server, email: str = "ada@example.com") -> tuple[str, float]:
    """Sign in and out; return the session, and when its end was acknowledged."""
    tokens = server.api.login(email, PASSWORD)
    assert server.api.post("/api/v1/auth/logout", bearer=tokens["accessToken"]).status == 204
    return str(tokens["sessionId"]), time.monotonic()


def follow(server: Server, last: str | None = None) -> Events:
    """Open a stream, and read what it says first."""
    events = Events(server.api, STREAM, TOKEN, last)
    events.named("snapshot" if last is None else "resume")
    return events


@pytest.mark.parametrize("same", [True, False], ids=["on the same node", "on another node"])
def test_tok10_a_sign_out_is_on_the_stream_within_a_second(start: Start, tmp_path: Path, same: bool) -> None:
    one, other = nodes(start, tmp_path)
    one.api.register("ada@example.com", PASSWORD)
    waits = []
    with follow(one if same else other) as events:
        events.named("head")
        for _ in range(20):
            session, acknowledged = signed_out(one)
            told = next(events.revocations())
            assert told.data["sessionId"] == session
            waits.append(told.at - acknowledged)
    assert max(waits) < SOON, waits


def test_tok10_a_stream_that_is_taken_up_again_at_any_node_loses_and_repeats_nothing(
    start: Start, tmp_path: Path
) -> None:
    both = nodes(start, tmp_path)
    both[0].api.register("ada@example.com", PASSWORD)
    with follow(both[0]) as events:
        last = events.named("head").id
    ended: list[str] = []
    busy = threading.Thread(target=lambda: ended.extend(signed_out(both[turn % 2])[0] for turn in range(60)))
    busy.start()
    seen: list[str] = []
    turn = 0
    while len(seen) < 60:
        # A few events, then the connection is lost, and the other node is asked.
        with follow(both[turn % 2], last) as events:
            for _ in range(min(3 + turn % 4, 60 - len(seen))):
                told = next(events.revocations())
                seen.append(told.data["sessionId"])
                last = told.id
        turn += 1
    busy.join()
    assert turn > 5
    assert seen == ended
    assert both[0].api.get(f"{FEED}?after={last}", bearer=TOKEN).json()["entries"] == []


def test_tok10_who_may_not_follow_is_refused(start: Start) -> None:
    server = start(SETTINGS)
    server.api.register("ada@example.com", PASSWORD)
    user = server.api.login("ada@example.com", PASSWORD)["accessToken"]
    for path in (FEED, STREAM):
        assert server.api.get(path).code == "token_missing"
        assert server.api.get(path, bearer=TOKEN[:-1]).code == "token_invalid"
        assert server.api.get(path, bearer=TOKEN + "x").code == "token_invalid"
        assert server.api.get(path, bearer=user).code == "forbidden"
    assert server.api.get("/api/v1/users/me", bearer=TOKEN).code == "token_invalid"


def test_tok10_a_log_that_begins_anew_is_told_as_a_gap_and_the_snapshot_follows(start: Start) -> None:
    server = start(SETTINGS)
    server.api.register("ada@example.com", PASSWORD)
    with follow(server) as events:
        events.named("head")
        signed_out(server)
        last = next(events.revocations()).id
        assert server.api.post("/api/v1/test/reset").status in {200, 204}
        gap = events.named("gap")
        assert gap.id == ""
        assert events.next() is None
    assert server.api.get(f"{FEED}?after={last}", bearer=TOKEN).code == "cursor_gone"
    with Events(server.api, STREAM, TOKEN, gap.id) as again:
        assert again.named("snapshot").data == {"entries": 0}
        assert again.named("head").data["sequence"] == 0


def test_tok10_a_slow_reader_finds_a_gap_and_nobody_waits_for_it(start: Start, tmp_path: Path) -> None:
    server = start(SETTINGS)
    slow = follow(server)
    slow.named("head")
    before = server.resident
    count = 300_000
    expires = (int(time.time()) + 3600) * 1000
    with closing(sqlite3.connect(tmp_path / "data" / "ntt-auth.db", timeout=30)) as store, store:
        store.executemany(
            "INSERT INTO revocations (sequence, session_id, revoked_at, expires_at) VALUES (?, randomblob(16), ?, ?)",
            ((sequence, expires - 3_600_000, expires) for sequence in range(1, count + 1)),
        )
        store.execute("UPDATE revocation_counter SET latest = ?", (count,))
    deadline = time.monotonic() + 120
    cursor = "0-00000000"
    while time.monotonic() < deadline:
        asked = time.monotonic()
        answer = server.api.get(f"{FEED}?after={cursor}&limit=1", bearer=TOKEN)
        assert time.monotonic() - asked < 5
        if answer.status == 410:
            whole = server.api.get(FEED, bearer=TOKEN).json()
            if whole["head"]["sequence"] == count:
                assert len(whole["entries"]) == count
                break
    else:
        pytest.fail("the node did not follow")
    # What is in force takes memory; what a slow reader has not read takes none. In KiB.
    assert server.resident - before < 200_000
    told = 0
    with slow:
        while (event := slow.next()) is not None and event.name != "gap":
            if event.name == "revocation":
                told += 1
                assert event.id is not None
                assert event.id.startswith(f"{told}-")
        assert event is not None
        assert event.data == {"reason": "forgotten"}
        assert slow.next() is None
    assert told < count


def test_tok10_streams_end_in_order_when_the_server_stops(start: Start) -> None:
    server = start(SETTINGS)
    with ExitStack() as open_streams:
        events = [open_streams.enter_context(follow(server)) for _ in range(3)]
        for one in events:
            one.named("head")
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 10
        for one in events:
            assert one.next() is None


def test_tok10_the_heartbeat_comes_before_an_idle_connection_is_closed(start: Start) -> None:
    server = start(SETTINGS | {"NTT_AUTH__HTTP__HEADER_TIMEOUT": "2s"})
    with follow(server) as events:
        began = time.monotonic()
        while time.monotonic() - began < 6:
            head = events.named("head")
            assert head.data["ageMs"] < 1000


@pytest.mark.curl
def test_tok10_a_stream_is_carried_by_http_2(start: Start) -> None:
    server = start(SETTINGS)
    read = subprocess.run(
        [  # noqa: S607 - found on the path on purpose
            "curl",
            "--http2-prior-knowledge",
            "--no-buffer",
            "--silent",
            "--include",
            "--max-time",
            "3",
            "--header",
            f"Authorization: Bearer {TOKEN}",
            f"{server.base}{STREAM}",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    # 28: it went on until the time was over.
    assert read.returncode == 28, read.stderr
    assert read.stdout.startswith("HTTP/2 200")
    assert re.search(r"^content-type: text/event-stream\r?$", read.stdout, re.MULTILINE)
    assert "event: snapshot\n" in read.stdout
    assert re.search(r"^event: head\n(.+\n)*id: 0-00000000\n", read.stdout, re.MULTILINE)
