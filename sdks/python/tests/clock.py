"""A clock that only tests move."""

from __future__ import annotations

import asyncio


class ManualClock:
    """Shows what it was set to; sleeping moves it on."""

    def __init__(self, now: float = 1_767_268_800.0) -> None:
        """Begin at a time, in seconds since 1970."""
        self.wall = now
        self.steady = 1000.0
        self.slept: list[float] = []
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        """Return the wall clock's seconds since 1970."""
        return self.wall

    def monotonic(self) -> float:
        """Return the seconds of a clock that nobody sets."""
        return self.steady

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.wall += seconds
        self.steady += seconds
        due = [future for until, future in self._waiting if until <= self.steady and not future.done()]
        self._waiting = [(until, future) for until, future in self._waiting if until > self.steady]
        for future in due:
            future.set_result(None)

    def sleep(self, seconds: float) -> None:
        """Let time pass, and note it."""
        self.slept.append(seconds)
        self.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Let time pass, and note it; others get their turn."""
        self.sleep(seconds)
        await asyncio.sleep(0)

    async def wait(self, seconds: float) -> None:
        """Wait until somebody else has moved the clock on by so much."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((self.steady + seconds, future))
        await future
