"""A server that is used for long has as much memory, and as much open, as one that is used for a short while (V1.4.3).

`NTT_SOAK_SECONDS` sets for how long it is used at the least (`make soak`); without it, as many rounds as show a leak.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from harness import PASSWORD, Start
from harness.server import Server

SECONDS = float(os.environ.get("NTT_SOAK_SECONDS", "0"))
AUTH = "/api/v1/auth"
PEOPLE = [f"person{number}" for number in range(4)]
# Each is about twenty requests and connections of one of these people.
LAPS = 12
# After these, every thread and connection to the store is there, and the caches are full.
WARM_UP = 2
ROUNDS = 12
SETTINGS = {
    "NTT_AUTH__LOG__LEVEL": "warn",
    "NTT_AUTH__LOCKOUT__ENABLED": "false",
    "NTT_AUTH__TOKENS__CACHE_CAPACITY": "64",
    "NTT_AUTH__AUDIT__RETENTION": "10 days",
}
# How much more memory there may be afterwards, in KiB. The allocator takes a little more for a long time, about 3 MiB
# in the first hundred thousand requests; a leak of a kilobyte a request takes 12 MiB in the short run.
GROWTH = 16 << 10 if SECONDS else 4 << 10
# The store has a connection for each thread that reads at one time.
READERS = 16


class Client:
    """Somebody who keeps a connection."""

    def __init__(self, server: Server) -> None:
        """Connect with the first request."""
        address = urlsplit(server.base)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)

    def ask(self, method: str, path: str, body: bytes | None = None, bearer: str = "", status: int = 200) -> Any:  # noqa: ANN401
        """Send a request that is answered with this status; return the JSON."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
        self._connection.request(method, path, body=body, headers=headers)
        response = self._connection.getresponse()
        answer = response.read()
        assert response.status == status, (method, path, response.status, answer)
        return json.loads(answer) if answer else None

    def post(self, verb: str, body: object, bearer: str = "", status: int = 200) -> Any:  # noqa: ANN401
        """POST JSON."""
        return self.ask("POST", f"{AUTH}/{verb}", json.dumps(body).encode(), bearer, status)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def hang_up_after(server: Server, sent: bytes) -> None:
    """Begin a request and go away."""
    address = urlsplit(server.base)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=60) as connection:
        connection.sendall(sent)


def lap(server: Server, name: str) -> None:
    """Do a little of everything, and leave as somebody who was never there."""
    client = Client(server)
    account = {"email": f"{name}@example.com", "password": PASSWORD}
    tokens = client.post("login", account)
    for _ in range(3):
        tokens = client.post("refresh", {"refreshToken": tokens["refreshToken"]})
        client.ask("GET", f"{AUTH}/validate", bearer=tokens["accessToken"])
        client.ask("GET", "/api/v1/users?limit=5", bearer=tokens["accessToken"])
    client.post("login", account | {"password": "Wrong-Word-1843"}, status=401)
    client.post("login", account | {"surplus": 1}, status=422)
    client.post("register", account, status=422)
    client.post("forgot-password", {"email": f"not-{name}@example.com"}, status=202)
    client.ask("POST", f"{AUTH}/login", b'{"email": ', status=400)
    client.ask("GET", f"{AUTH}/validate", bearer="eyJhbGciOiJub25lIn0.e30.", status=401)
    client.ask("GET", "/nothing/here", status=404)
    head = f"POST {AUTH}/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n"
    hang_up_after(server, head.encode()[:30])
    hang_up_after(server, head.encode() + b'{"email": "' + b"a" * 4000)
    hang_up_after(server, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    client.post("logout", {}, bearer=tokens["accessToken"], status=204)
    client.close()


def go_round(server: Server) -> None:
    """Let everybody do their laps at once, and then time pass until nothing of it is kept any more."""

    def laps(name: str) -> None:
        for _ in range(LAPS):
            lap(server, name)

    with ThreadPoolExecutor(len(PEOPLE)) as people:
        list(people.map(laps, PEOPLE))
    moved = server.api.post("/api/v1/test/clock", {"advance": "20 days"})
    assert moved.status == 200, moved.body


def opened(server: Server, *, sockets: bool) -> int:
    """Count what it has open."""
    return sum(one.startswith("socket:") is sockets for one in server.descriptors)


def settled(server: Server, most: int) -> int:
    """Wait until it has noticed that everybody hung up; return how many sockets it still has."""
    until = time.monotonic() + 30
    while (count := opened(server, sockets=True)) > most and time.monotonic() < until:
        time.sleep(0.01)
    return count


def test_v1_4_3_memory_and_open_files_stay_level(start: Start) -> None:
    server = start(SETTINGS)
    idle = opened(server, sockets=True)
    for name in PEOPLE:
        create = ["user", "create", f"{name}@example.com", "--role", "admin", "--password-stdin"]
        made = server.binary.run(*create, stdin=PASSWORD)
        assert made.returncode == 0, made.stderr
    for _ in range(WARM_UP):
        go_round(server)
    assert settled(server, idle) == idle
    files, memory = opened(server, sockets=False), server.resident
    until = time.monotonic() + SECONDS
    rounds = 0
    while rounds < ROUNDS or time.monotonic() < until:
        go_round(server)
        rounds += 1
        grown = server.resident - memory
        assert settled(server, idle) == idle, f"sockets are left open after {rounds} rounds"
        assert opened(server, sockets=False) <= files + READERS, server.descriptors
        assert grown < GROWTH, f"{grown} KiB more after {rounds} rounds"
