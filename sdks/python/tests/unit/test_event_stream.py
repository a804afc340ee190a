"""Server-sent events, however they are cut."""

from __future__ import annotations

import pytest

from ntt_auth_client._core.event_stream import MAX_EVENT, EventStreamParser, ServerEvent

STREAM = (
    "\ufeffevent: snapshot\r\nretry: 2500\r\ndata: {}\r\n\r\n"
    ": a comment\n\nevent: head\nid: 1-ä\ndata: one\ndata:two\nretry: soon\nid: with\0zero\n\n"
    "data\r\rid\r\revent: gap\rid:\rdata: x\r\r"
)
EVENTS = [
    ServerEvent("snapshot", "{}", None),
    ServerEvent("head", "one\ntwo", "1-ä"),
    ServerEvent("message", "", None),
    ServerEvent("gap", "x", ""),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_pieces_of_any_size(size: int) -> None:
    parser = EventStreamParser()
    octets = STREAM.encode()
    events = [event for start in range(0, len(octets), size) for event in parser.feed(octets[start : start + size])]
    assert events == EVENTS
    assert parser.retry == 2.5


def test_an_event_without_an_end_is_given_up() -> None:
    parser = EventStreamParser()
    assert parser.feed(b"data: " + b"x" * (MAX_EVENT // 2)) == []
    with pytest.raises(ValueError, match="too long"):
        parser.feed(b"x" * MAX_EVENT)
