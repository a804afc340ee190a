"""A load balancer of a test's own: it spreads connections over servers, and leaves alone those that are not ready."""

from __future__ import annotations

import asyncio
import http.client
from contextlib import suppress
from itertools import count

from harness.proxy import Proxy

# How often each server is asked whether it is ready, and how long it may take to say so.
ASK_EVERY = 0.1
PATIENCE = 2.0


class Balancer(Proxy):
    """Passes each connection to the next server that is ready; tries another when a connection is refused."""

    def __init__(self, targets: list[int]) -> None:
        """Spread over ports of this machine."""
        super().__init__(targets[0])
        self.targets = targets
        self.ready: set[int] = set()
        self._turn = count()

    @property
    def base(self) -> str:
        """Where it listens, as a server's address."""
        return f"http://127.0.0.1:{self.port}"

    async def _listen(self) -> None:
        await super()._listen()
        for target in self.targets:
            await self._ask(target)
            self._asking.append(asyncio.get_running_loop().create_task(self._keep_asking(target)))

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in range(len(self.targets) * 2):
            candidates = sorted(self.ready) or self.targets
            target = candidates[next(self._turn) % len(candidates)]
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", target)
            self.ready.discard(target)
        raise ConnectionRefusedError

    async def _keep_asking(self, target: int) -> None:
        while True:
            await asyncio.sleep(ASK_EVERY)
            await self._ask(target)

    async def _ask(self, target: int) -> None:
        def ask() -> bool:
            connection = http.client.HTTPConnection("127.0.0.1", target, timeout=PATIENCE)
            try:
                connection.request("GET", "/health/ready")
                return connection.getresponse().status == 200
            except (OSError, http.client.HTTPException):
                return False
            finally:
                connection.close()

        if await asyncio.get_running_loop().run_in_executor(None, ask):
            self.ready.add(target)
        else:
            self.ready.discard(target)
