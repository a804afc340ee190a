"""Server-sent events (WHATWG HTML § 9.2), read piece by piece."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

MAX_EVENT = 1 << 20


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event; `id` is `None` if it has none of its own."""

    name: str
    data: str
    id: str | None


class EventStreamParser:
    """Takes bytes as they arrive, and gives the events that are whole."""

    def __init__(self) -> None:
        """Begin at the beginning of a stream."""
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._rest = ""
        self._is_after_return = False
        self._name = ""
        self._data: list[str] = []
        self._id: str | None = None
        self.retry: float | None = None
        """The seconds that the stream last asked to wait before another connection."""

    def feed(self, piece: bytes) -> list[ServerEvent]:
        """Take the next bytes; return the events that end in them. `ValueError` if an event never ends."""
        text = self._decoder.decode(piece)
        if self._is_after_return and text:
            # The line feed of a pair that was cut in two.
            text = text.removeprefix("\n")
            self._is_after_return = False
        self._is_after_return = self._is_after_return or text.endswith("\r")
        lines = (self._rest + text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = lines.pop()
        if len(self._rest) + sum(map(len, self._data)) > MAX_EVENT:
            raise ValueError("an event is too long")
        return [event for line in lines if (event := self._line(line)) is not None]

    def _line(self, line: str) -> ServerEvent | None:
        if not line:
            return self._dispatched()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                self._name = value
            case "data":
                self._data.append(value)
            case "id" if "\0" not in value:
                self._id = value
            case "retry" if value.isascii() and value.isdecimal():
                self.retry = int(value) / 1000
            case _:
                pass
        return None

    def _dispatched(self) -> ServerEvent | None:
        event = ServerEvent(self._name or "message", "\n".join(self._data), self._id) if self._data else None
        self._name, self._data, self._id = "", [], None
        return event
