"""Canaries: secrets and people's data of which each is unlike any other, sent to wherever the server takes a text.

None of them comes back in a log at its most talkative, in metrics, in help or printed settings, and none in refusals
of others (PRO-7, ACC-11). The last test searches the logs of the whole run.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from harness import PASSWORD, Start
from harness.api import Answer, Api
from harness.logs import LOGS, search
from harness.operations import Operation, operations
from harness.server import Server

METRICS_TOKEN = "Canary-Metrics-Token-0123456789abcdef"
MASTER_KEY = "Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5Q2E="
EVERYTHING = {
    # Everything there is, also of the libraries: those that speak HTTP and SQL would tell most.
    "NTT_AUTH__LOG__LEVEL": "trace",
    "NTT_AUTH__METRICS__TOKEN": METRICS_TOKEN,
    "NTT_AUTH__KEYS__MASTER_KEY": MASTER_KEY,
}


class Canaries:
    """Makes texts that occur nowhere else, and remembers them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._numbers = count(1)
        self.all: set[str] = {METRICS_TOKEN, MASTER_KEY}

    def text(self, what: str) -> str:
        """Return a new one."""
        made = f"Canary{next(self._numbers):05}{what.title().replace('-', '')[:12]}Qx7!"
        self.all.add(made)
        return made

    def email(self) -> str:
        """Return a new address."""
        made = f"canary{next(self._numbers):05}@people.example"
        self.all.add(made)
        return made


def sent(api: Api, operation: Operation, canaries: Canaries, bearer: str | None, *, broken: bool = False) -> Answer:
    """Send one request that is full of canaries."""
    body = operation.body(canaries.text)
    token = bearer or canaries.text("bearer")
    headers = {
        "Authorization": f"Bearer {token}",
        "Cookie": f"__Host-ntt_session={canaries.text('cookie')}; other={canaries.text('cookie')}",
        "User-Agent": f"Browser/1 {canaries.text('agent')}",
        "Referer": f"https://app.example/?code={canaries.text('referer')}",
        "X-Api-Key": canaries.text("key"),
        "X-Csrf-Token": canaries.text("csrf"),
        "Proxy-Authorization": f"Basic {canaries.text('proxy')}",
    }
    data = None
    if body is not None:
        kind, value = body
        headers["Content-Type"] = kind
        if isinstance(value, str):
            data = json.dumps({"email": canaries.email(), "passwordHash": value}).encode()
        elif kind == "application/x-www-form-urlencoded":
            data = urlencode(value).encode()
        else:
            data = json.dumps(value).encode()
        if broken:
            data = data[:-1] + canaries.text("tail").encode()
    separator = "&" if "?" in operation.address(str) else "?"
    extra = urlencode({"access_token": canaries.text("query"), "token": canaries.text("query")})
    address = operation.address(canaries.text)
    if broken:
        address += separator + extra
    return api.send(operation.method.upper(), address, body=data, headers=headers)


def person(api: Api, canaries: Canaries) -> tuple[str, str, dict[str, Any]]:
    """Register somebody of whom everything is a canary, and sign them in."""
    email, password = canaries.email(), canaries.text("password")
    registration = {
        "email": email,
        "password": password,
        "firstName": canaries.text("first").rstrip("!"),
        "lastName": canaries.text("last").rstrip("!"),
        "metadata": {canaries.text("member"): canaries.text("member")},
    }
    answer = api.post("/api/v1/auth/register", registration)
    assert answer.status == 201, answer.body
    tokens = api.login(email, password)
    canaries.all |= {tokens["accessToken"], tokens["refreshToken"]}
    return email, password, tokens


def life(api: Api, canaries: Canaries) -> None:
    """Live through what an account goes through, right and wrong."""
    email, password, tokens = person(api, canaries)
    bearer = tokens["accessToken"]
    for wrong in (canaries.text("wrong"), password + "x", ""):
        api.post("/api/v1/auth/login", {"email": email, "password": wrong, "deviceName": canaries.text("device")})
    api.post("/api/v1/auth/register", {"email": email, "password": canaries.text("taken")})
    renewed = api.post("/api/v1/auth/refresh", {"refreshToken": tokens["refreshToken"]}).json()
    canaries.all |= {renewed["accessToken"], renewed["refreshToken"]}
    api.post("/api/v1/auth/refresh", {"refreshToken": renewed["refreshToken"] + "x"})
    api.post("/api/v1/auth/refresh", {"refreshToken": bearer})
    api.get("/api/v1/auth/validate", bearer=renewed["refreshToken"])
    api.get("/api/v1/auth/validate", bearer=bearer[:-4] + "AAAA")
    api.get(f"/api/v1/auth/validate?access_token={bearer}")
    again = canaries.text("new")
    changed = {"currentPassword": password, "newPassword": again}
    assert api.post("/api/v1/auth/change-password", changed, bearer=renewed["accessToken"]).status == 204
    api.login(email, again)
    api.post("/api/v1/auth/logout", bearer=renewed["accessToken"])


def test_v16_2_5_no_canary_is_logged_or_told(start: Start) -> None:
    server = start(EVERYTHING)
    api, canaries = server.api, Canaries()
    made = server.binary.run(
        "user", "create", "root@people.example", "--role", "super_admin", "--password-stdin", stdin=PASSWORD
    )
    assert made.returncode == 0, made.stderr
    life(api, canaries)
    document = api.get("/openapi.json").json()
    answers = 0
    for operation in operations(document):
        if operation.path.endswith(("/test/reset", "/test/clock")):
            continue
        for broken in (False, True):
            for signed_in in (False, True):
                bearer = api.login("root@people.example", PASSWORD)["accessToken"] if signed_in else None
                before = set(canaries.all)
                answer = sent(api, operation, canaries, bearer, broken=broken)
                assert answer.status < 500, f"{operation.name}: {answer.body!r}"
                answers += 1
                if answer.status >= 400:
                    # A refusal repeats nothing secret; what it may repeat is a name that was sent, such as a field's.
                    told = answer.body.decode()
                    assert not [canary for canary in before if canary in told], operation.name
                    assert "Password" not in "".join(re.findall(r"Canary\d{5}\w+", told)), operation.name
    assert answers > 100
    metrics = api.get("/metrics", bearer=METRICS_TOKEN)
    assert metrics.status == 200
    assert not search("metrics", metrics.body.decode(), canaries.all)
    detailed = api.get("/health/detailed")
    assert not [canary for canary in canaries.all if canary in detailed.body.decode()]
    unlogged(server, canaries)


def unlogged(server: Server, canaries: Canaries) -> None:
    """Search what the server has logged so far, after the answers to everything."""
    LOGS.secrets |= canaries.all
    log = "".join(server.log)
    assert len(log) > 50_000, "the log is not at its most talkative"
    found = search("the log", log, canaries.all)
    assert not found, found[:20]


@pytest.mark.curl
def test_v16_2_5_no_canary_is_logged_over_http_2(start: Start) -> None:
    server, canaries = start(EVERYTHING), Canaries()
    curl = shutil.which("curl")
    assert curl is not None
    for _ in range(5):
        subprocess.run(
            [
                curl,
                "-sS",
                "--http2-prior-knowledge",
                "-H",
                f"Authorization: Bearer {canaries.text('bearer')}",
                "-H",
                f"Cookie: session={canaries.text('cookie')}",
                "-H",
                f"User-Agent: {canaries.text('agent')}",
                "-H",
                "Content-Type: application/json",
                "-d",
                json.dumps({"email": canaries.email(), "password": canaries.text("password")}),
                f"{server.base}/api/v1/auth/login?token={canaries.text('query')}",
            ],
            check=True,
            capture_output=True,
        )
    found = search("the log", "".join(server.log), canaries.all)
    assert not found, found[:20]


def test_pro7_settings_and_help_tell_no_secret(start: Start, tmp_path: Path) -> None:
    server, canaries = start(), Canaries()
    spoiled = canaries.text("masterkey")
    runs = [
        (("config", "print"), EVERYTHING),
        (("config", "print", "--json"), EVERYTHING),
        (("config", "check"), EVERYTHING),
        (("config", "check"), {"NTT_AUTH__KEYS__MASTER_KEY": spoiled}),
        (("config", "check"), {"NTT_AUTH__METRICS__TOKEN": canaries.text("x")[:9]}),
        (("config", "print", "--set", f"keys.master_key={spoiled}"), {}),
        (("config", "schema"), EVERYTHING),
        (("--help",), EVERYTHING),
        (("user", "create", "--help"), EVERYTHING),
        (("keys", "list", "--json"), EVERYTHING),
        (("user", "create", "x", "--password", spoiled), {}),
        (("import", "--from", str(tmp_path / "none"), "--format", "jsonl"), EVERYTHING),
    ]
    for arguments, settings in runs:
        done = subprocess.run(
            [server.binary.program, *arguments],
            cwd=tmp_path,
            env=server.binary.environment() | {"NTT_AUTH__DATA_DIR": str(tmp_path / "other")} | settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        # What is unreadable as an argument is told by its name, never by its value.
        told = done.stdout + done.stderr
        assert told, arguments
        assert not [canary for canary in canaries.all if canary in told], arguments


def test_pro7_a_crash_leaves_no_image_of_the_memory(start: Start) -> None:
    limits = Path(f"/proc/{start().pid}/limits").read_text()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"], core


def test_v14_2_1_no_operation_takes_a_secret_in_its_address(start: Start) -> None:
    document = start().api.get("/openapi.json").json()
    secret = re.compile("password|secret|token|code|key|hash", re.IGNORECASE)
    # A link that a person opens has nowhere else to keep its token; it works once, and the page it leads to sends no
    # Referer. The page of an error is named by its code.
    links = ("setup", "verify-email", "reset-password", "confirm-email-change", "not-me")
    known = {(f"GET /{page}", "token") for page in links} | {("GET /docs/errors/{code}", "code")}
    found = {
        (operation.name, parameter["name"])
        for operation in operations(document)
        for parameter in operation.value.get("parameters", [])
        if parameter["in"] in ("query", "path") and secret.search(parameter["name"])
    }
    assert found <= known, found - known


@pytest.mark.parametrize(
    "line",
    [
        "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
        "ntt_rt_0Qm9iYnkgVGFibGVzIGxpdmVzIGhlcmU1",
        "$2b$12$abcdefghijklmnopqrstuv",
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA",
        "ada.l+x@people.example",
        "authorization: Bearer abcdefgh12345",
        "\x1b[31mred",
        "Known-Secret-1",
    ],
)
def test_the_search_of_logs_finds_what_must_not_be_there(line: str) -> None:
    assert search("log", f"a line\nx {line} y\n", {"Known-Secret-1"})
    quiet = "a quiet line\nntt_auth_http_requests_total 1\n/setup?token=eyJMB9usKHGqAAAA.cmFuZG9tIHRleHQ\n"
    assert not search("log", quiet, {"Known-Secret-1"})


@pytest.mark.last
def test_v16_2_5_no_log_of_the_whole_run_holds_a_secret_or_personal_data(server: Server, logs: Path) -> None:
    # The one that still runs.
    LOGS.keep("shared", "".join(server.log))
    assert list(logs.glob("*.log"))
    found = LOGS.search()
    assert not found, "\n".join(found[:40])
