"""Replays the cases of a client, in threads and in an event loop."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import Any, cast

from clock import ManualClock
from contract.names import is_within, plain, read, seconds, snake, stored
from contract.script import Script
from ntt_auth_client import AsyncAuthClient, AuthClient, MemoryTokenStore, NttAuthError, errors

URL = "http://auth.test"
OPERATIONS: dict[str, dict[str, Any]] = read("operations")["operations"]
SECRETS = ("access-", "refresh-", "ntt_dt_", "ntt_rp_", "Correct-Horse", "feed-token", "metrics-token")
Outcome = tuple[Any, NttAuthError | None]


class Replay:
    """One case with a client, a transport, a clock and a token store of its own."""

    def __init__(self, case: dict[str, Any]) -> None:
        """Make them."""
        options = case.get("client", {})
        self.case = case
        self.clock = ManualClock(seconds(options.get("now", "2026-01-01T12:00:00Z")))
        self.store = MemoryTokenStore(stored(options.get("signedIn"), self.clock.now()))
        self.script = Script(self.clock, self._elsewhere)
        self.told: list[str] = []
        self.options: dict[str, Any] = {
            "store": self.store,
            "transport": self.script,
            "clock": self.clock,
            "draw": lambda: options.get("random", 0.5),
            "feed_token": options.get("feedToken"),
            "metrics_token": options.get("metricsToken"),
        }

    def blocking(self) -> None:
        """Replay it in threads."""
        with AuthClient(URL, sleep=self.clock.sleep, **self.options) as client:
            client.listen(self.told.append)
            for step in self.case["steps"]:
                calls = self._begin(step)
                outcomes = in_threads([partial(called, client, call) for call in calls])
                self._end(step, calls, outcomes)

    async def awaiting(self) -> None:
        """Replay it in tasks."""
        async with AsyncAuthClient(URL, sleep=self.clock.sleep_async, **self.options) as client:
            client.listen(self.told.append)
            for step in self.case["steps"]:
                calls = self._begin(step)
                outcomes = await asyncio.gather(*(called_async(client, call) for call in calls))
                self._end(step, calls, outcomes)

    def _elsewhere(self, tokens: dict[str, Any] | None) -> None:
        self.store.save(stored(tokens, self.clock.now()))

    def _begin(self, step: dict[str, Any]) -> list[dict[str, Any]]:
        self.told.clear()
        self.clock.slept.clear()
        if "advance" in step:
            self.clock.advance(step["advance"])
        if "setClock" in step:
            self.clock.wall = seconds(step["setClock"])
        if "store" in step:
            self._elsewhere(step["store"])
        self.script.expect(step.get("exchange", []), ordered="parallel" not in step)
        if "parallel" in step:
            return cast("list[dict[str, Any]]", step["parallel"])
        return [step] if "call" in step else []

    def _end(self, step: dict[str, Any], calls: list[dict[str, Any]], outcomes: list[Outcome]) -> None:
        self.script.check()
        for call, outcome in zip(calls, outcomes, strict=True):
            self._check_outcome(call, outcome)
        expected = step.get("expect", {})
        if "tokens" in expected:
            self._check_tokens(expected["tokens"])
        if "slept" in expected:
            assert [round(wait, 3) for wait in self.clock.slept] == expected["slept"]
        if "told" in expected:
            assert self.told == expected["told"]

    def _check_outcome(self, call: dict[str, Any], outcome: Outcome) -> None:
        expected = call.get("expect", {})
        result, error = outcome
        if "error" in expected:
            assert error is not None, f"{call['call']} returned {result}"
            self._check_error(expected["error"], error)
        else:
            assert error is None, repr(error)
        if "result" in expected:
            assert is_within(expected["result"], result), (expected["result"], result)

    def _check_error(self, expected: dict[str, Any], error: NttAuthError) -> None:
        for name, value in expected.items():
            match name:
                case "class":
                    assert type(error).__name__ in ([value] if isinstance(value, str) else value)
                case "group":
                    assert isinstance(error, getattr(errors, value))
                case "requestId" if isinstance(value, dict):
                    assert error.request_id in self.script.ids
                case "errors":
                    found = [{"field": one.field, "code": one.code, "message": one.message} for one in error.errors]
                    assert found == value
                case _:
                    assert getattr(error, snake(name)) == value, name
        assert len(error.hint) >= 10
        for secret in SECRETS:
            assert secret not in str(error) + repr(error)

    def _check_tokens(self, expected: dict[str, Any] | None) -> None:
        held = self.store.load()
        if expected is None:
            assert held.session is None
            return
        for name, value in expected.items():
            assert getattr(held if name == "deviceToken" else held.session, snake(name)) == value


def arranged(call: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a call as Python takes them."""
    given = dict(call.get("arguments", {}))
    positional = [name.rstrip("?") for name in OPERATIONS[call["call"]]["positional"]]
    first = [given.pop(name) for name in positional if name in given]
    return first, {snake(name): value for name, value in given.items()}


def called(client: AuthClient, call: dict[str, Any]) -> Outcome:
    """Call an operation and wait for it."""
    noun, verb = call["call"].split(".")
    first, others = arranged(call)
    try:
        result = getattr(getattr(client, noun), verb)(*first, **others)
        return shown(call, list(cast("Iterator[Any]", result)) if inspect.isgenerator(result) else result), None
    except NttAuthError as error:
        return None, error


async def called_async(client: AsyncAuthClient, call: dict[str, Any]) -> Outcome:
    """Call an operation and await it."""
    noun, verb = call["call"].split(".")
    first, others = arranged(call)
    try:
        result = getattr(getattr(client, noun), verb)(*first, **others)
        if inspect.isasyncgen(result):
            return shown(call, [item async for item in cast("AsyncIterator[Any]", result)]), None
        return shown(call, await cast("Awaitable[Any]", result)), None
    except NttAuthError as error:
        return None, error


def shown(call: dict[str, Any], result: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a result as the contract writes it."""
    if OPERATIONS[call["call"]]["result"] == "text" and isinstance(result, list):
        return b"".join(cast("list[bytes]", result)).decode()
    return plain(result)


def in_threads(calls: list[Callable[[], Outcome]]) -> list[Outcome]:
    """Call all of them at one time."""
    if len(calls) < 2:
        return [call() for call in calls]
    outcomes: list[Outcome] = [(None, None)] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(index: int) -> None:
        barrier.wait()
        outcomes[index] = calls[index]()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
