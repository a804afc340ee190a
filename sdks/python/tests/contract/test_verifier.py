"""The verifier keeps keys and follows revocations as the contract says."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from clock import ManualClock
from contract.feed import Feed, settled
from contract.names import cases, is_within, read, seconds
from contract.replay import in_threads
from contract.script import Script
from contract.test_tokens import shown
from ntt_auth_client import AsyncTokenVerifier, NttAuthError, Principal, TokenVerifier

FILE = read("jws")
START = seconds("2026-01-01T12:00:00Z")
KEYS = [pytest.param(case, id=case["name"]) for case in cases("keys")]
FEED = [pytest.param(case, id=case["name"]) for case in cases("feed")]
Outcome = tuple[Any, NttAuthError | None]


def options(case: dict[str, Any], clock: ManualClock) -> dict[str, Any]:
    """Return the options of a verifier."""
    given = case.get("verifier", {})
    return {
        "algorithms": given.get("algorithms", FILE["algorithms"]),
        "feed_token": given.get("feedToken"),
        "feed_transport": given.get("transport", "stream"),
        "staleness_limit": given.get("stalenessLimit", 30),
        "on_stale": given.get("onStale", "refuse"),
        "start_up": 0,
        "clock": clock,
        "draw": lambda: given.get("random", 0.5),
    }


def check(expected: dict[str, Any], outcome: Outcome) -> None:
    """Compare what came of a token."""
    principal, error = outcome
    if "principal" in expected:
        assert isinstance(principal, Principal), repr(error)
        assert is_within(expected["principal"], shown(principal))
        return
    assert error is not None, principal
    for name, value in expected["error"].items():
        assert (type(error).__name__ if name == "class" else getattr(error, name)) == value


def token_of(step: dict[str, Any]) -> str:
    """Return the token of a step: a name, or a text that is none."""
    token: str = FILE["tokens"].get(step["verify"], step["verify"])
    return token


async def awaited(verifier: AsyncTokenVerifier, token: str) -> Outcome:
    """Verify a token in a task."""
    try:
        return await verifier.verify(token), None
    except NttAuthError as error:
        return None, error


def waited(verifier: TokenVerifier, token: str) -> Outcome:
    """Verify a token in a thread."""
    try:
        return verifier.verify(token), None
    except NttAuthError as error:
        return None, error


@pytest.mark.parametrize("case", KEYS)
def test_keys_in_threads(case: dict[str, Any]) -> None:
    clock = ManualClock(START)
    script = Script(clock, lambda _: None)
    feed = Feed(clock, script)
    feed.default_keys = False
    with TokenVerifier("http://auth.test", transport=feed, **options(case, clock)) as verifier:
        for step in case["steps"]:
            clock.advance(step.get("advance", 0))
            script.expect(step.get("exchange", []))
            if "verify" in step:
                token = token_of(step)
                outcomes = in_threads([partial(waited, verifier, token)] * step.get("times", 1))
                script.check()
                for outcome in outcomes:
                    check(step["expect"], outcome)


@pytest.mark.parametrize("case", KEYS + FEED)
async def test_in_tasks(case: dict[str, Any]) -> None:
    clock = ManualClock(START)
    script = Script(clock, lambda _: None)
    feed = Feed(clock, script)
    feed.default_keys = "feedToken" in case.get("verifier", {}) or case in [one.values[0] for one in FEED]
    async with AsyncTokenVerifier(
        "http://auth.test", transport=feed, sleep=clock.wait, **options(case, clock)
    ) as verifier:
        for step in case["steps"]:
            await settled()
            clock.advance(step.get("advance", 0))
            if "setClock" in step:
                clock.wall = seconds(step["setClock"])
            script.expect(step.get("exchange", []))
            if "stream" in step or "poll" in step:
                await feed.connected(step.get("stream", step.get("poll")))
            if "events" in step:
                feed.write(step["events"])
            if "close" in step:
                feed.close(step["close"])
            await settled()
            if "verify" in step:
                token = token_of(step)
                outcomes = await asyncio.gather(*(awaited(verifier, token) for _ in range(step.get("times", 1))))
                script.check()
                for outcome in outcomes:
                    check(step["expect"], outcome)
            elif "expect" in step:
                stale = verifier.staleness
                assert (stale if stale is None else round(stale, 3)) == step["expect"]["staleness"]
                assert verifier.is_ready is step["expect"]["ready"]
