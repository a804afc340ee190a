"""A database server that is stopped, killed, frozen, cut off or slow takes nothing with it (ENG-4).

While it is away known tokens are validated as before, writes are told at once to come back later, and whoever watches
is told. When it is back everything works by itself, and nothing that was acknowledged is lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import Start
from harness.api import Api
from harness.engines import Engine, free_port, wait_for
from harness.load import Load, longest_gap, percentile
from harness.proxy import Proxy
from harness.server import Binary, Server

METRICS = "a-token-for-the-metrics"
SETTINGS = {
    "NTT_AUTH__LOG__LEVEL": "info",
    "NTT_AUTH__DATABASE__TIMEOUT": "1s",
    "NTT_AUTH__DATABASE__CONNECT_TIMEOUT": "1s",
    "NTT_AUTH__METRICS__TOKEN": METRICS,
    # An answer may be lost at the beginning of an outage, and its request is repeated after it.
    "NTT_AUTH__TOKENS__REFRESH_GRACE": "5 min",
}
# Within this time of the first call that fails the breaker is open: a few calls have waited for as long as one may.
OPENS_WITHIN = 6.0
# What is promised of the time in which a write is refused, and of that in which all works again.
REFUSES_WITHIN = 0.1
RECOVERS_WITHIN = 5.0
# After this time the engine ends a transaction of which it hears nothing.
FORGOTTEN_AFTER = 5.0
# Nobody is without a validation for longer.
GAP = 1.0
# Two cores for all: what is slower than this is not the noise of the machine.
SLOW = 0.05


@dataclass(frozen=True)
class Fault:
    """What is done to an engine, and undone. `wired`: the server reaches it by way of the proxy."""

    begin: Callable[[Engine, Proxy], None]
    end: Callable[[Engine, Proxy], None]
    wired: bool


FAULTS = {
    "stopped": Fault(lambda engine, _: engine.stop(), lambda engine, _: engine.start(), wired=False),
    "killed": Fault(lambda engine, _: engine.kill(), lambda engine, _: engine.start(), wired=False),
    "frozen": Fault(lambda engine, _: engine.freeze(), lambda engine, _: engine.thaw(), wired=False),
    "in-a-black-hole": Fault(lambda _, proxy: proxy.swallow(), lambda _, proxy: proxy.pass_on(), wired=True),
    "refusing": Fault(lambda _, proxy: proxy.refuse(), lambda _, proxy: proxy.pass_on(), wired=True),
    "resetting": Fault(lambda _, proxy: proxy.reset_always(), lambda _, proxy: proxy.pass_on(), wired=True),
    "crawling": Fault(lambda _, proxy: proxy.delay(2.0), lambda _, proxy: proxy.pass_on(), wired=True),
}


@contextmanager
def served(
    start: Start, engine: Engine, folder: Path, *, wired: bool, **settings: str
) -> Iterator[tuple[Server, Proxy]]:
    """Run a server on a database of its own."""
    with ExitStack() as cleaning:
        proxy = cleaning.enter_context(Proxy(engine.port))
        cleaning.callback(engine.restore)
        url = engine.new_database()
        url = proxy.through(url) if wired else url
        yield start(SETTINGS | {"NTT_AUTH__DATABASE__URL": url} | settings, folder), proxy


def breaker(api: Api) -> str:
    """Return how the breaker before the store stands."""
    components = api.get("/health/detailed").json()["components"]
    return str(next(one for one in components if one["name"] == "store")["breaker"])


def metric(api: Api, name: str) -> float:
    """Return a figure of the store."""
    text = api.get("/metrics", bearer=METRICS).body.decode()
    line = next(line for line in text.splitlines() if line.startswith(name) and 'service="store"' in line)
    return float(line.split()[-1])


# The others differ from these in how quickly the engine is known to be away; `make clusters` runs them all.
EACH_TIME = ("killed", "frozen", "in-a-black-hole")
CASES = [pytest.param(fault, marks=[] if fault in EACH_TIME else [pytest.mark.long]) for fault in FAULTS]


@pytest.mark.parametrize("fault", CASES)
def test_an_engine_that_is_away_takes_nothing_with_it(start: Start, engine: Engine, tmp_path: Path, fault: str) -> None:
    away = FAULTS[fault]
    with served(start, engine, tmp_path, wired=away.wired) as (server, proxy):
        api = server.api
        with Load(server.base) as load:
            began = time.monotonic()
            load.await_answered(5, began, well=True)
            cut = time.monotonic()
            before = load.shots(["validate"], began, cut)

            away.begin(engine, proxy)
            wait_for("the breaker to open", lambda: breaker(api) == "open", OPENS_WITHIN)
            opened = time.monotonic()
            asked = time.monotonic()
            assert api.get("/health/ready").status == 503
            assert time.monotonic() - asked < 1.0, "readiness is told at once"
            assert api.get("/health/live").status == 200
            assert metric(api, "ntt_auth_breaker_state") > 0
            assert metric(api, "ntt_auth_breaker_opened_total") >= 1
            load.await_answered(15, opened, well=False)
            left = time.monotonic()
            away.end(engine, proxy)
            returned = time.monotonic()
            load.await_answered(1, returned, well=True, patience=RECOVERS_WITHIN)
            wait_for("the breaker to close", lambda: breaker(api) == "closed", RECOVERS_WITHIN)
            wait_for("readiness", lambda: api.get("/health/ready").status == 200, RECOVERS_WITHIN)
            again = time.monotonic()
            load.await_answered(5, again, well=True)

        # Validation never stopped, and was as fast as before; what was revoked stayed so.
        during = load.shots(["validate"], cut, returned)
        assert load.statuses(["validate"]).keys() == {"validate 200"}
        assert load.statuses(["refused"]).keys() == {"refused 401"}
        assert longest_gap(during, cut, returned) < GAP
        assert percentile(during, 0.99) < max(SLOW, 5 * percentile(before, 0.99))
        # Writes were refused at once, and told to come back.
        writes = load.shots(load.WRITES, opened, left)
        refused = [shot for shot in writes if shot.status == 503]
        assert refused == writes, load.statuses(load.WRITES, opened, left)
        assert all(shot.retry_after and int(shot.retry_after) >= 1 for shot in refused)
        assert percentile(refused, 0.95) < REFUSES_WITHIN, sorted(shot.took for shot in refused)[-20:]
        # All through it, an answer was an answer or a request to come back.
        assert load.statuses(load.WRITES).keys() <= {
            f"{kind} {status}" for kind in load.WRITES for status in (200, 201, 204, 503)
        }
        load.ledger.check(server.base)


def test_an_engine_that_is_slow_is_waited_for(start: Start, engine: Engine, tmp_path: Path) -> None:
    with served(start, engine, tmp_path, wired=True, NTT_AUTH__DATABASE__TIMEOUT="5s") as (server, proxy):
        with Load(server.base) as load:
            began = time.monotonic()
            load.await_answered(3, began, well=True)
            slowed = time.monotonic()
            proxy.delay(0.005)
            load.await_answered(2, slowed, well=True)
            assert breaker(server.api) == "closed"
            assert server.api.get("/health/ready").status == 200
        assert not [status for status in load.statuses(load.WRITES) if status.endswith(("503", " 0"))]
        assert percentile(load.shots(["validate"], slowed), 0.99) < SLOW
        load.ledger.check(server.base)


@pytest.mark.long
def test_a_short_cut_is_over_when_it_is_over(start: Start, engine: Engine, tmp_path: Path) -> None:
    with served(start, engine, tmp_path, wired=True) as (server, proxy), Load(server.base) as load:
        for _ in range(3):
            began = time.monotonic()
            load.await_answered(3, began, well=True)
            proxy.reset()
        load.await_answered(3, time.monotonic(), well=True, patience=RECOVERS_WITHIN)


def test_connections_that_a_network_has_forgotten_are_given_up_together(
    start: Start, engine: Engine, tmp_path: Path
) -> None:
    with served(start, engine, tmp_path, wired=True) as (server, proxy), Load(server.base) as load:
        load.await_answered(3, time.monotonic(), well=True)
        proxy.forget()
        forgotten = time.monotonic()
        # Locks that they held are given back when the engine has missed them for so long.
        load.await_answered(1, forgotten, well=True, patience=RECOVERS_WITHIN + FORGOTTEN_AFTER)
        wait_for("the breaker to close", lambda: breaker(server.api) == "closed", RECOVERS_WITHIN)
        load.await_answered(5, time.monotonic(), well=True)


@pytest.mark.parametrize(
    ("scheme", "cure"),
    [
        ("postgres", "check that the server runs and that it can be reached from here"),
        ("mysql", "check that the server runs and that it can be reached from here"),
        ("mongodb", "no primary of the MongoDB replica set can be reached"),
    ],
)
def test_a_server_that_starts_without_its_engine_says_so(program: Path, tmp_path: Path, scheme: str, cure: str) -> None:
    options = "?replicaSet=s" if scheme == "mongodb" else ""
    url = f"{scheme}://root@127.0.0.1:{free_port()}/ntt{options}"
    began = time.monotonic()
    done = Binary(program, tmp_path, SETTINGS | {"NTT_AUTH__DATABASE__URL": url}).run("serve")
    assert done.returncode not in {0, 101}
    assert time.monotonic() - began < 10
    assert cure in done.stderr, done.stderr
