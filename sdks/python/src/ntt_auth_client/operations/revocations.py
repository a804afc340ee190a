"""What was revoked, for services that validate tokens by themselves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from ntt_auth_client._core.effects import Emit, Plan, Stream, chunk
from ntt_auth_client._core.event_stream import EventStreamParser, ServerEvent
from ntt_auth_client._core.exchange import Auth, Call
from ntt_auth_client._core.http import API, Request
from ntt_auth_client._core.session import authorized
from ntt_auth_client._core.settings import Context
from ntt_auth_client.errors import UnexpectedAnswerError
from ntt_auth_client.models import RevocationPage
from ntt_auth_client.operations.call import queried

SILENCE = 25.0
"""After so many seconds without a byte a stream is lost: a `head` comes every ten."""


@dataclass(frozen=True, slots=True)
class RevocationEvent:
    """One event of the stream of revocations."""

    event: str
    """`snapshot`, `resume`, `revocation`, `head`, `gap` or `end`."""
    id: str | None
    """The place in the log, if the event has one. An empty one means to begin again without a place."""
    data: dict[str, Any]
    """What it says, in the names of the API."""


def list_(
    context: Context, *, after: str | None = None, limit: int | None = None, wait: int | None = None
) -> Plan[RevocationPage]:
    """Return what was revoked after a place, or everything that is in force.

    Needs the client's `feed_token`, or an administrator who is signed in.

    Args:
        after: The `next_cursor` of the answer before.
        limit: How many at most, up to 1000.
        wait: How many seconds to wait for an entry if there is none yet, up to 30.

    Raises:
        CursorGoneError: What came after the place cannot be told any more; begin again without `after`.
    """
    call = Call.of(context, "revocations.list", repeatable=True)
    request = Request(
        "GET",
        f"{API}/revocations",
        query=queried({"after": after, "limit": limit, "wait": wait}),
        timeout=context.settings.timeout + (wait or 0),
    )
    return call.parsed((yield from authorized(call, request, Auth.FEED)), RevocationPage)


def follow(context: Context, *, after: str | None = None) -> Stream[RevocationEvent]:
    """Give what is revoked, as it is, until the server ends the stream. A `TokenVerifier` does this by itself.

    Needs the client's `feed_token`, or an administrator who is signed in.

    Args:
        after: The last `id`, to go on from there.

    Raises:
        NetworkError: The connection was lost, or nothing came for 25 seconds.
    """
    call = Call.of(context, "revocations.follow", repeatable=True, streamed=True)
    request = Request(
        "GET",
        f"{API}/revocations/stream",
        query=queried({"after": after}),
        headers={"Accept": "text/event-stream"},
        timeout=SILENCE,
    )
    yield from authorized(call, request, Auth.FEED)
    parser = EventStreamParser()
    while piece := (yield from call.guarded(chunk())):
        for event in parser.feed(piece):
            yield Emit(read_event(event))


def read_event(event: ServerEvent) -> RevocationEvent:
    """Return what an event of the stream says; raises `UnexpectedAnswerError` if it is not one."""
    try:
        data: object = json.loads(event.data)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise UnexpectedAnswerError("An event is no JSON object.", operation="revocations.follow")
    return RevocationEvent(event.name, event.id, cast("dict[str, Any]", data))
