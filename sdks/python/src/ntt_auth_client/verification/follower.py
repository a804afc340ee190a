"""Follows revocations for as long as it runs: by the stream, or by asking again and again."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, Literal, cast

from ntt_auth_client._core.effects import Plan, chunk, shut, sleep
from ntt_auth_client._core.event_stream import EventStreamParser, ServerEvent
from ntt_auth_client._core.exchange import Call
from ntt_auth_client._core.http import API, Request
from ntt_auth_client._core.settings import Context
from ntt_auth_client.errors import CursorGoneError, NttAuthError, UnexpectedAnswerError
from ntt_auth_client.operations.call import queried
from ntt_auth_client.operations.revocations import SILENCE
from ntt_auth_client.verification.revocations import Revocations

logger = logging.getLogger("ntt_auth_client")

FeedTransport = Literal["stream", "poll"]
FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
POLL_WAIT = 20


class Follower:
    """Where a verifier is in the log of revocations."""

    def __init__(self, context: Context, revocations: Revocations, ready: Callable[[], None]) -> None:
        """Write what is told into `revocations`, and say when everything is known for the first time."""
        self._context = context
        self._revocations = revocations
        self._ready = ready
        self._place: str | None = None
        self._retry = FIRST_WAIT
        self._failures = 0

    def follow(self, transport: FeedTransport) -> Plan[None]:
        """Follow without an end."""
        once = self._streamed if transport == "stream" else self._polled
        while True:
            after = 0.0
            try:
                yield from once()
                if transport == "poll":
                    self._failures = 0
                    # Others get their turn even if the server does not wait.
                    yield from sleep(0)
                    continue
            except CursorGoneError:
                self._place = None
                continue
            except NttAuthError as error:
                # Once, and again after it went well.
                level = logging.WARNING if self._failures == 0 else logging.DEBUG
                logger.log(level, "revocations cannot be followed: %s (%s)", type(error).__name__, error.request_id)
                self._failures += 1
                after = error.retry_after or 0.0
            except Exception:
                # A follower that ended would leave its verifier stale for ever.
                logger.exception("revocations cannot be followed")
                self._failures += 1
            yield from shut()
            wait = min(self._retry * 2 ** max(0, self._failures - 1), LONGEST_WAIT)
            yield from sleep(after + wait * (1 + self._context.settings.draw()))

    def _streamed(self) -> Plan[None]:
        call = Call.of(self._context, "revocations.follow", repeatable=True, streamed=True)
        request = Request(
            "GET",
            f"{API}/revocations/stream",
            query=queried({"after": self._place}),
            headers={"Accept": "text/event-stream"},
            timeout=SILENCE,
        )
        answer = yield from call.attempts(request, self._context.settings.feed_token)
        if not answer.headers.get("content-type", "text/event-stream").startswith("text/event-stream"):
            raise call.unexpected(answer, "The answer is no stream of events.")
        parser = EventStreamParser()
        try:
            while piece := (yield from call.guarded(chunk())):
                for event in parser.feed(piece):
                    if not self._take(event):
                        return
                self._retry = parser.retry if parser.retry is not None else self._retry
        except ValueError as error:
            # It may have been a revocation: everything is asked for again.
            self._place = None
            raise UnexpectedAnswerError("An event cannot be read.", operation=call.operation) from error

    def _take(self, event: ServerEvent) -> bool:
        """Take an event into account; whether the stream goes on."""
        match event.name:
            case "revocation":
                self._revocations.add(_members(event.data))
            case "head":
                self._fresh(_members(event.data))
            case "gap":
                self._place = None
                return False
            case "end":
                return False
            case _:
                return True
        if event.id is not None:
            self._place = event.id or None
        return True

    def _fresh(self, head: dict[str, Any]) -> None:
        age = head.get("ageMs")
        if not isinstance(age, int | float):
            raise ValueError("this is no head")  # noqa: TRY004 - what is wrong is the event
        self._revocations.head(age)
        self._failures = 0
        self._ready()

    def _polled(self) -> Plan[None]:
        call = Call.of(self._context, "revocations.list", repeatable=True)
        wait = None if self._place is None else POLL_WAIT
        request = Request(
            "GET",
            f"{API}/revocations",
            query=queried({"after": self._place, "wait": wait}),
            timeout=SILENCE,
        )
        answer = yield from call.attempts(request, self._context.settings.feed_token)
        page = call.object(answer)
        try:
            for entry in cast("list[dict[str, Any]]", page["entries"]):
                self._revocations.add(entry)
            self._place = str(page["nextCursor"])
            if not page["more"]:
                self._fresh(cast("dict[str, Any]", page["head"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self._place = None
            raise call.unexpected(answer, "The revocations cannot be read.") from error


def _members(data: str) -> dict[str, Any]:
    value: object = json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("this is no object")  # noqa: TRY004 - what is wrong is the event
    return cast("dict[str, Any]", value)
