"""A reader of server-sent events, as a service that follows revocations has one."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from harness.api import Api


@dataclass
class Event:
    """One event; `id` is None if it has none, and `at` is when it came, on a clock that nobody sets."""

    name: str = ""
    id: str | None = None
    data: Any = None
    at: float = field(default_factory=time.monotonic)


class Events:
    """A stream that is open until it is closed or the server ends it."""

    def __init__(self, api: Api, path: str, bearer: str, last_event_id: str | None = None) -> None:
        """Open it."""
        api.secrets.add(bearer)
        address = urlsplit(api.base)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        headers = {"Authorization": f"Bearer {bearer}", "Accept": "text/event-stream"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        self._connection.request("GET", path, headers=headers)
        self.response = self._connection.getresponse()
        assert self.response.status == 200, self.response.read()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Go away."""
        self.response.close()
        self._connection.close()

    def next(self) -> Event | None:
        """Return the next event, or None if the server has ended the stream in order."""
        event = Event()
        empty = True
        while True:
            line = self.response.readline().decode()
            if not line:
                assert empty, "the stream broke off within an event"
                return None
            if line == "\n":
                event.at = time.monotonic()
                return event
            empty = False
            name, _, value = line.rstrip("\n").partition(":")
            value = value.removeprefix(" ")
            match name:
                case "event":
                    event.name = value
                case "id":
                    event.id = value
                case "data":
                    event.data = json.loads(value)
                case _:
                    assert name == "retry", line

    def named(self, name: str) -> Event:
        """Return the next event, which has this name."""
        event = self.next()
        assert event is not None, f"the stream ended before {name}"
        assert event.name == name, event
        return event

    def revocations(self) -> Iterator[Event]:
        """Give revocations as they come, up to the end; what else comes is passed over."""
        while (event := self.next()) is not None:
            if event.name == "revocation":
                yield event
