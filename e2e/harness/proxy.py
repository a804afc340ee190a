"""A TCP proxy of a test's own, whose wires it can slow, cut and connect to another server."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Self

PIECE = 64 * 1024


class Proxy:
    """Listens on a port of its own and passes what it gets to a server, until told otherwise."""

    def __init__(self, target: int) -> None:
        """Listen, and pass to a port of this machine."""
        self.target = target
        self.port = 0
        self._delay = 0.0
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._open.set()
        self._server: asyncio.Server | None = None
        self._wires: set[asyncio.StreamWriter] = set()
        self._resetting = False
        self._asking: list[asyncio.Task[None]] = []
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        """End, and drop every connection."""
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def through(self, url: str) -> str:
        """Return the URL of a server as it is by way of this proxy."""
        # A driver of MongoDB would ask the set for its members, and go to them past the proxy.
        url = re.sub(r"replicaSet=\w+", "directConnection=true", url)
        return url.replace(f":{self.target}/", f":{self.port}/")

    def delay(self, seconds: float) -> None:
        """Hold up each piece, in either direction, for so long."""
        self._delay = seconds

    def swallow(self) -> None:
        """Be a black hole: connections stay, new ones are taken, and nothing comes through until it is passed on."""
        self._call(self._open.clear)

    def refuse(self) -> None:
        """Drop every connection, and refuse new ones."""
        self._do(self._stop_listening())
        self.reset()

    def reset(self) -> None:
        """Drop every connection as a crash of the machine would."""
        self._do(self._drop())

    def reset_always(self) -> None:
        """Drop every connection, and each new one after it was taken."""
        self._resetting = True
        self.reset()

    def point_to(self, target: int) -> None:
        """Drop every connection, and pass new ones to another port: an address that moves to another machine."""
        self.target = target
        self.reset()

    def forget(self) -> None:
        """Never pass anything on the connections there are, and tell nobody: a firewall that was restarted."""

        def detach() -> None:
            self._open = asyncio.Event()
            self._open.set()

        self._call(self._open.clear)
        self._call(detach)

    def pass_on(self) -> None:
        """Pass everything, as at first; what was held up goes through now."""
        self._delay = 0.0
        self._resetting = False
        if self._server is None:
            self._do(self._listen())
        self._call(self._open.set)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _close(self) -> None:
        await self._stop_listening()
        self._open.set()
        await self._drop()
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        # What was dropped is closed in the next turns of the loop.
        await asyncio.sleep(0.01)
        await asyncio.get_running_loop().shutdown_default_executor()

    async def _drop(self) -> None:
        for wire in list(self._wires):
            drop(wire)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._wires.add(writer)
        upstream: asyncio.StreamWriter | None = None
        is_open = self._open
        with suppress(OSError, asyncio.CancelledError):
            await is_open.wait()
            if not self._resetting and not writer.is_closing():
                back, upstream = await self._reach()
                self._wires.add(upstream)
                await asyncio.gather(self._pump(reader, upstream, is_open), self._pump(back, writer, is_open))
        for wire in (writer, upstream):
            if wire is not None:
                self._wires.discard(wire)
                drop(wire)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.target)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_open: asyncio.Event) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                await is_open.wait()
                if self._delay:
                    await asyncio.sleep(self._delay)
                    await is_open.wait()
                writer.write(piece)
                await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.write_eof()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        future: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        future.result(30)

    def _call(self, work: Callable[[], object]) -> None:
        async def called() -> None:
            work()

        self._do(called())


def drop(wire: asyncio.StreamWriter) -> None:
    """Close a connection with a reset, as one whose other side is gone."""
    with suppress(OSError):
        connection = wire.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.transport.abort()
