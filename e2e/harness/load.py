"""A light and constant load on servers, and a ledger of what they acknowledged."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Self
from urllib.parse import urlsplit

from harness import PASSWORD
from harness.api import Api
from harness.engines import wait_for

AUTH = "/api/v1/auth"
# No answer: the connection was refused or broke.
NOTHING = 0
PATIENCE = 30.0


@dataclass(frozen=True)
class Shot:
    """One request, and what became of it."""

    kind: str
    began: float
    took: float
    status: int
    retry_after: str | None = None
    body: Any = None


class Client:
    """Somebody who keeps a connection, and makes a new one when it broke."""

    def __init__(self, base: str) -> None:
        """Connect with the first request."""
        self.base = base
        self._connection: http.client.HTTPConnection | None = None

    def shoot(self, kind: str, method: str, path: str, *, body: object = None, bearer: str = "") -> Shot:
        """Send one request, once."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
        began = time.monotonic()
        try:
            if self._connection is None:
                address = urlsplit(self.base)
                self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
            self._connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
            response = self._connection.getresponse()
            answer = response.read()
            if response.will_close:
                self.hang_up()
        except (OSError, http.client.HTTPException) as error:
            self.hang_up()
            return Shot(kind, began, time.monotonic() - began, NOTHING, body=repr(error))
        took = time.monotonic() - began
        is_json = "json" in response.headers.get("Content-Type", "")
        said = json.loads(answer) if answer and is_json else answer
        return Shot(kind, began, took, response.status, response.headers.get("Retry-After"), said)

    def post(self, kind: str, verb: str, body: object, bearer: str = "") -> Shot:
        """POST JSON to a verb of authentication."""
        return self.shoot(kind, "POST", f"{AUTH}/{verb}", body=body, bearer=bearer)

    @property
    def is_connected(self) -> bool:
        """Whether its connection is kept."""
        return self._connection is not None

    def hang_up(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass
class Ledger:
    """What was acknowledged."""

    accounts: list[str] = field(default_factory=list)
    # The last refresh token of each chain that was handed out.
    refreshes: dict[str, str] = field(default_factory=dict)
    # The access and the refresh token of each session that was ended.
    ended: list[tuple[str, str]] = field(default_factory=list)

    def check(self, base: str) -> None:
        """See that all of it is still so."""
        client = Client(base)
        for email in self.accounts:
            shot = client.post("check", "login", {"email": email, "password": PASSWORD})
            assert shot.status == 200, f"the acknowledged account {email} does not sign in: {shot}"
        for chain, token in self.refreshes.items():
            shot = client.post("check", "refresh", {"refreshToken": token})
            assert shot.status == 200, f"the acknowledged refresh token of {chain} is not honoured: {shot}"
            self.refreshes[chain] = shot.body["refreshToken"]
        for access, refresh in self.ended:
            shot = client.shoot("check", "GET", f"{AUTH}/validate", bearer=access)
            assert shot.status == 401, f"an access token of an ended session is valid: {shot}"
            shot = client.post("check", "refresh", {"refreshToken": refresh})
            assert shot.status == 401, f"a refresh token of an ended session is honoured: {shot}"
        client.hang_up()


class Load:
    """Validates, registers, signs in and out, and refreshes all the time, each in threads of its own."""

    READS = frozenset({"validate", "refused"})
    WRITES = frozenset({"register", "login", "refresh", "logout"})

    def __init__(self, base: str, name: str = "load", *, read_pause: float = 0.005, write_pause: float = 0.05) -> None:
        """Prepare people; each load of a server has names of its own."""
        self.base = base
        self.name = name
        self.ledger = Ledger()
        self._pauses = {"validate": read_pause, "refused": read_pause, "write": write_pause}
        self._shots: list[Shot] = []
        self._over = threading.Event()
        self._failures: list[BaseException] = []
        api = Api(base)
        self._people = [f"{name}-person{number}@example.com" for number in range(3)]
        for person in self._people:
            api.register(person, PASSWORD)
        self._known = [api.login(person, PASSWORD)["accessToken"] for person in self._people]
        gone = api.login(self._people[0], PASSWORD)
        assert api.post(f"{AUTH}/logout", {}, bearer=gone["accessToken"]).status == 204
        self.gone = gone["accessToken"]
        self.ledger.ended.append((gone["accessToken"], gone["refreshToken"]))
        for number, person in enumerate(self._people[:2]):
            self.ledger.refreshes[f"chain {number}"] = api.login(person, PASSWORD)["refreshToken"]

    def __enter__(self) -> Self:
        """Begin."""
        chains = [self._refreshing(chain) for chain in self.ledger.refreshes]
        validating = [self._validating(place) for place in range(2)]
        work = [*validating, self._refused, *chains, self._registering(), self._signing_in, self._leaving]
        self._threads = [threading.Thread(target=self._repeat, args=(each,), daemon=True) for each in work]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE * 2)
        assert not self._failures, self._failures

    def shots(self, kinds: Iterable[str], since: float = 0.0, until: float = float("inf")) -> list[Shot]:
        """Return the requests of some kinds that began in a span of time and have ended."""
        wanted = set(kinds)
        return [shot for shot in list(self._shots) if shot.kind in wanted and since <= shot.began < until]

    def await_answered(self, each: int, since: float, *, well: bool, patience: float = 30.0) -> None:
        """Wait until each kind of write that began since was answered so often; well, or at all."""

        def enough() -> bool:
            shots = self.shots(self.WRITES, since)
            told = [shot.kind for shot in shots if not well or 200 <= shot.status < 300]
            # Nobody signs out who cannot sign in.
            return all(told.count(kind) >= each for kind in (self.WRITES if well else self.WRITES - {"logout"}))

        wait_for(lambda: f"{each} of each kind of write: {self.statuses(self.WRITES, since)}", enough, patience)

    def statuses(self, kinds: Iterable[str], since: float = 0.0, until: float = float("inf")) -> dict[str, int]:
        """Count answers by kind and status."""
        counts: dict[str, int] = {}
        for shot in self.shots(kinds, since, until):
            counts[f"{shot.kind} {shot.status}"] = counts.get(f"{shot.kind} {shot.status}", 0) + 1
        return counts

    def _repeat(self, work: Callable[[Client], Iterable[Shot]]) -> None:
        client = Client(self.base)
        try:
            while not self._over.is_set():
                for shot in work(client):
                    self._shots.append(shot)
                    self._over.wait(self._pauses.get(shot.kind, self._pauses["write"]))
        except BaseException as error:  # noqa: BLE001 - told where the load ends
            self._failures.append(error)
        finally:
            with suppress(OSError):
                client.hang_up()

    def _validating(self, place: int) -> Callable[[Client], Iterable[Shot]]:
        token = self._known[place]

        def work(client: Client) -> Iterable[Shot]:
            yield client.shoot("validate", "GET", f"{AUTH}/validate", bearer=token)

        return work

    def _refused(self, client: Client) -> Iterable[Shot]:
        yield client.shoot("refused", "GET", f"{AUTH}/validate", bearer=self.gone)

    def _refreshing(self, chain: str) -> Callable[[Client], Iterable[Shot]]:
        def work(client: Client) -> Iterable[Shot]:
            shot = client.post("refresh", "refresh", {"refreshToken": self.ledger.refreshes[chain]})
            if shot.status == 200:
                self.ledger.refreshes[chain] = shot.body["refreshToken"]
            yield shot

        return work

    def _registering(self) -> Callable[[Client], Iterable[Shot]]:
        number = 0

        def work(client: Client) -> Iterable[Shot]:
            nonlocal number
            number += 1
            email = f"{self.name}-new{number}@example.com"
            shot = client.post("register", "register", {"email": email, "password": PASSWORD})
            if shot.status == 201:
                self.ledger.accounts.append(email)
            yield shot

        return work

    def _signing_in(self, client: Client) -> Iterable[Shot]:
        yield client.post("login", "login", {"email": self._people[2], "password": PASSWORD})

    def _leaving(self, client: Client) -> Iterable[Shot]:
        begun = client.post("login", "login", {"email": self._people[2], "password": PASSWORD})
        yield begun
        while begun.status == 200 and not self._over.is_set():
            # Until it is answered nothing is promised, so it is asked for until it is.
            shot = client.post("logout", "logout", {}, bearer=begun.body["accessToken"])
            yield shot
            if shot.status in {204, 401}:
                self.ledger.ended.append((begun.body["accessToken"], begun.body["refreshToken"]))
                return


def percentile(shots: list[Shot], share: float) -> float:
    """Return how long the slowest took, when this share of them is left out above."""
    times = sorted(shot.took for shot in shots)
    assert times
    return times[min(len(times) - 1, int(len(times) * share))]


def longest_gap(shots: list[Shot], since: float, until: float) -> float:
    """Return the longest time in which none of them was answered."""
    ends = sorted(
        [since, until, *(shot.began + shot.took for shot in shots if since <= shot.began + shot.took <= until)]
    )
    return max(after - before for before, after in pairwise(ends))
