"""The fake server of the verifier's cases: keys by the exchange, and a feed that the case writes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx2

from clock import ManualClock
from contract.script import Script, fits, keys, made

STREAM = "/api/v1/revocations/stream"
POLL = "/api/v1/revocations"
SETTLED = 60
LONGEST = 60


class Piped(httpx2.AsyncByteStream):
    """A body that is written while it is read."""

    def __init__(self, clock: ManualClock, silence: float) -> None:
        """Break off after so many seconds of silence."""
        self._clock = clock
        self._silence = silence
        self._pieces: asyncio.Queue[bytes | httpx2.TransportError] = asyncio.Queue()
        self.is_open = True

    def write(self, piece: bytes | httpx2.TransportError) -> None:
        """Write a piece; an empty one is the end."""
        self._pieces.put_nowait(piece)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the pieces as they come."""
        while True:
            piece = await self._next()
            if isinstance(piece, Exception):
                raise piece
            if not piece:
                return
            yield piece

    async def aclose(self) -> None:
        """Note that nobody reads any more."""
        self.is_open = False

    async def _next(self) -> bytes | httpx2.TransportError:
        got, silent = asyncio.ensure_future(self._pieces.get()), asyncio.ensure_future(self._clock.wait(self._silence))
        try:
            done, _ = await asyncio.wait([got, silent], return_when=asyncio.FIRST_COMPLETED)
            return got.result() if got in done else httpx2.ReadTimeout("silence")
        finally:
            for task in (got, silent):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task


class Feed(httpx2.AsyncBaseTransport):
    """Answers what a verifier asks."""

    def __init__(self, clock: ManualClock, script: Script) -> None:
        """Begin with no connection."""
        self._clock = clock
        self._script = script
        self._asked: list[tuple[httpx2.Request, asyncio.Future[httpx2.Response]]] = []
        self._pipe: Piped | None = None
        self.default_keys = True

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Hold connections to the feed until the case answers them; answer all others by its exchange."""
        path = request.url.path
        if path in {STREAM, POLL}:
            answer: asyncio.Future[httpx2.Response] = asyncio.get_running_loop().create_future()
            self._asked.append((request, answer))
            return await answer
        if path == "/.well-known/jwks.json" and self.default_keys:
            return keys(request, {"keySet": "default", "maxAge": 900})
        response: httpx2.Response = await self._script.handle_async_request(request)
        return response

    async def connected(self, expected: dict[str, Any]) -> None:
        """Wait until the client asks for the feed, and answer it."""
        for _ in range(LONGEST * 4):
            await settled()
            if self._asked:
                break
            self._clock.advance(0.25)
        assert self._asked, "nobody asks for the feed"
        request, answer = self._asked.pop(0)
        assert fits(expected["request"], request, b""), (expected["request"], request.url, request.headers)
        response = expected["response"]
        if "events" not in response:
            try:
                answer.set_result(made(request, response))
            except httpx2.TransportError as error:
                answer.set_exception(error)
        else:
            self._pipe = Piped(self._clock, request.extensions["timeout"]["read"])
            self.write(response["events"])
            headers = {"Content-Type": "text/event-stream"} | response.get("headers", {})
            answer.set_result(httpx2.Response(200, headers=headers, stream=self._pipe))
        await settled()

    def write(self, events: str) -> None:
        """Let more arrive on the stream."""
        assert self._pipe is not None
        self._pipe.write(events.encode())

    def close(self, how: str) -> None:
        """End the stream, in order or not."""
        assert self._pipe is not None
        self._pipe.write(b"" if how == "end" else httpx2.ReadError("reset"))


async def settled() -> None:
    """Let everybody have their turn until there is nothing left to do."""
    for _ in range(SETTLED):
        await asyncio.sleep(0)
