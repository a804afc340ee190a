"""Traces reach a real collector, tell nothing personal, and need nobody to listen."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import PASSWORD, Start
from harness.collector import Collector, program, wait_until
from harness.logs import search
from harness.server import Binary, Server

ADA = "augusta@example.com"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
LOGIN = "POST /api/v1/auth/login"
METRICS_TOKEN = "who-reads-metrics-has-this"


def missing(why: str) -> None:
    """Skip what cannot be had here; where everything must be, that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture
def collector(program_with_traces: Path, tmp_path: Path) -> Iterator[Collector]:
    """Run a collector."""
    assert program_with_traces.is_file()
    path = program()
    if path is None:
        missing("there is no collector: the Python package rotel is not installed")
    assert path is not None
    one = Collector(path, tmp_path)
    yield one
    one.kill()


@pytest.fixture
def program_with_traces(program: Path, tmp_path: Path) -> Path:
    """Return the binary under test, if it has traces."""
    binary = Binary(program, tmp_path, {"NTT_AUTH__TRACING__ENDPOINT": "http://127.0.0.1:1"})
    checked = binary.run("config", "check")
    if "has no traces" in checked.stdout + checked.stderr:
        missing("this binary is built without the feature `otel`")
    return program


def settings(collector: Collector, **more: str) -> dict[str, str]:
    """Return what sends traces to a collector."""
    tracing = {"ENDPOINT": collector.address, **more}
    return {f"NTT_AUTH__TRACING__{name}": value for name, value in tracing.items()} | {
        "NTT_AUTH__METRICS__TOKEN": METRICS_TOKEN
    }


def sign_in(server: Server, flags: str = "01", password: str = PASSWORD) -> str:
    """Sign Ada in as part of a trace of her application; return the request's id."""
    answer = server.api.send(
        "POST",
        "/api/v1/auth/login",
        json_body={"email": ADA, "password": password},
        headers={"traceparent": f"00-{TRACE}-{CALLER}-{flags}"},
    )
    assert answer.status == (200 if password == PASSWORD else 401), answer.body
    return str(answer.headers["x-request-id"])


def spans_counted(server: Server) -> dict[str, int]:
    """Return what the metrics tell of spans."""
    text = server.api.get("/metrics", bearer=METRICS_TOKEN).body.decode()
    start = "ntt_auth_trace_spans_total{outcome="
    lines = [line.removeprefix(start) for line in text.splitlines() if line.startswith(start)]
    return {line.split('"')[1]: int(line.split()[-1]) for line in lines}


def test_a_sign_in_is_told_with_its_parts_and_nothing_personal(collector: Collector, start: Start) -> None:
    server = start(settings(collector))
    server.api.register(ADA, PASSWORD)
    sign_in(server)
    sign_in(server, password="Wrong-Horse-7-Battery")
    me = server.api.get("/api/v1/users/me?email=augusta", bearer=server.api.login(ADA, PASSWORD)["accessToken"])
    assert me.status == 200
    server.api.get("/verify-email?token=ntt_ve_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8f1a2b3c4")
    collector.wait_for("job mail")
    collector.wait_for("GET /verify-email")
    server.stop()

    spans = {span.id: span for span in collector.spans()}
    requests = [span for span in spans.values() if span.name == LOGIN and span.trace == TRACE]
    assert [span.parent for span in requests] == [CALLER, CALLER]
    assert sorted(span.attributes["http.response.status_code"] for span in requests) == ["200", "401"]
    one = next(span for span in requests if span.attributes["http.response.status_code"] == "200")
    assert one.kind == "SPAN_KIND_SERVER"
    assert one.attributes["http.route"] == "/api/v1/auth/login"
    assert one.attributes["http.request.method"] == "POST"
    assert one.attributes["url.scheme"] == "http"
    assert one.attributes["server.address"] == "127.0.0.1"
    assert "error.type" not in one.attributes

    below = {span.name: span for span in spans.values() if span.trace == TRACE}
    for part, whole in [
        ("hash password", LOGIN),
        ("wait for a thread", "hash password"),
        ("compute", "hash password"),
        ("transaction BeginSession", LOGIN),
        ("sessions.insert", "transaction BeginSession"),
        ("users.by_email", LOGIN),
    ]:
        assert spans[below[part].parent].name == whole, part
    assert below["users.by_email"].attributes["db.system.name"] == "sqlite"
    job = next(span for span in spans.values() if span.name == "job mail")
    assert not job.parent

    names = {span.name for span in spans.values()}
    assert "GET /api/v1/users/me" in names
    # The log's own spans and its lines stay where they are.
    assert "request" not in names
    assert "Events:" not in collector.text
    personal = {ADA, ADA.partition("@")[0], "example.com", str(me.json()["userId"]), "Wrong-Horse"}
    assert search("the collector", collector.text, server.api.secrets | personal) == []


def test_the_log_names_the_trace_that_the_collector_has(collector: Collector, start: Start) -> None:
    server = start(settings(collector))
    server.api.register(ADA, PASSWORD)
    begun_here = collector.wait_for("POST /api/v1/auth/register")
    request = sign_in(server)
    collector.wait_for(LOGIN)
    server.stop()

    lines = [json.loads(line) for line in server.log]
    answered = {line["route"]: line["span"] for line in lines if line.get("message") == "answered" and "route" in line}
    assert answered["/api/v1/auth/register"]["trace_id"] == begun_here.trace
    assert answered["/api/v1/auth/login"] == {"name": "request", "request_id": request, "trace_id": TRACE}
    assert not [line for line in lines if line.get("target", "").startswith("trace::")]


def test_what_a_caller_does_not_trace_is_not_traced(collector: Collector, start: Start) -> None:
    server = start(settings(collector))
    server.api.register(ADA, PASSWORD)
    sign_in(server, flags="00")
    # What is sent later arrives later.
    server.api.get("/api/v1/auth/password-policy")
    collector.wait_for("GET /api/v1/auth/password-policy")

    assert "POST /api/v1/auth/register" in {span.name for span in collector.spans()}
    assert TRACE not in {span.trace for span in collector.spans()}


def test_requests_do_not_notice_that_the_collector_dies(
    collector: Collector, program_with_traces: Path, start: Start, tmp_path: Path
) -> None:
    assert program_with_traces.is_file()
    server = start(settings(collector))
    server.api.register(ADA, PASSWORD)
    sign_in(server)
    collector.wait_for(LOGIN)
    collector.kill()

    slowest = 0.0
    for _ in range(20):
        began = time.monotonic()
        sign_in(server)
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 5, "nobody waits for a collector"
    wait_until(lambda: spans_counted(server)["failed"] > 0, "spans are counted as lost")
    assert any("the collector takes no traces" in line for line in server.log)

    path = program()
    assert path is not None
    again = Collector(path, tmp_path, collector.port)
    try:
        sent = spans_counted(server)["sent"]
        sign_in(server)
        again.wait_for(LOGIN)
        wait_until(lambda: spans_counted(server)["sent"] > sent, "spans arrive again")
        wait_until(lambda: any("the collector takes traces again" in line for line in server.log), "the log tells so")
        server.stop()
    finally:
        again.kill()


def test_a_server_without_a_collector_stops_in_time(program_with_traces: Path, start: Start) -> None:
    assert program_with_traces.is_file()
    server = start({"NTT_AUTH__TRACING__ENDPOINT": "http://127.0.0.1:1"})
    server.api.register(ADA, PASSWORD)
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 15
    assert any("did not reach the collector" in line for line in server.log)
