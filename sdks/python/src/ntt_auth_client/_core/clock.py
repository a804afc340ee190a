"""Time, as the client sees it and as the server does."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import Protocol


class Clock(Protocol):
    """Where the client takes its time from."""

    def now(self) -> float:
        """Return the wall clock's seconds since 1970."""
        ...

    def monotonic(self) -> float:
        """Return the seconds of a clock that nobody sets."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> float:
        """Return the wall clock's seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """Return the seconds of a clock that nobody sets."""
        return time.monotonic()


class ServerTime:
    """The server's time: the client's wall clock and the difference that the last answer's `Date` showed."""

    def __init__(self, clock: Clock) -> None:
        """Begin with no difference."""
        self._clock = clock
        self._ahead = 0.0

    def now(self) -> float:
        """Return the server's seconds since 1970, as far as they are known."""
        return self._clock.now() + self._ahead

    def learn(self, date: str | None) -> None:
        """Take up the `Date` of an answer (RFC 9110 § 6.6.1)."""
        shown = http_date(date)
        if shown is not None:
            self._ahead = shown - self._clock.now()


def http_date(text: str | None) -> float | None:
    """Return a date of HTTP (RFC 9110 § 5.6.7) in seconds since 1970; `None` if it is none."""
    if text is None:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
