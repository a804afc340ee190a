"""Performs plans in an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, closing
from typing import Any, TypeVar

import httpx2

from ntt_auth_client._core.effects import (
    Chunk,
    Effect,
    Emit,
    Load,
    Once,
    Open,
    Plan,
    Save,
    Send,
    Shut,
    Sleep,
    Stream,
    TryLock,
    advanced,
)
from ntt_auth_client._core.faults import fault_of
from ntt_auth_client._core.http import Answer, Request
from ntt_auth_client._drivers.wire import answer_of, built
from ntt_auth_client.errors import ClientClosedError
from ntt_auth_client.stores.credentials import Credentials
from ntt_auth_client.stores.protocol import AsyncTokenStore, TokenStore

T = TypeVar("T")


class AwaitingDriver:
    """Performs plans, in as many tasks at one time as await it."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        url: str,
        store: TokenStore | AsyncTokenStore,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """Send by this client, to this server."""
        self._http = http
        self._url = url
        self._store = store
        self._sleep = sleep
        self._flights: dict[str, asyncio.Task[Any]] = {}

    async def run(self, plan: Plan[T]) -> T:
        """Perform a plan and return its result."""
        with closing(plan):
            async with _Body() as body:
                result: object = None
                error: Exception | None = None
                while True:
                    try:
                        effect = advanced(plan, result, error)
                    except StopIteration as stop:
                        value: T = stop.value
                        return value
                    result, error = await self._outcome(effect, body)

    async def stream(self, plan: Stream[T]) -> AsyncGenerator[T, None]:
        """Perform a plan and give what it emits."""
        with closing(plan):
            async with _Body() as body:
                result: object = None
                error: Exception | None = None
                while True:
                    try:
                        effect = advanced(plan, result, error)
                    except StopIteration:
                        return
                    if isinstance(effect, Emit):
                        result, error = None, None
                        yield effect.item
                    else:
                        result, error = await self._outcome(effect, body)

    async def close(self) -> None:
        """Wait for the refresh that is under way, if there is one, and close the connections."""
        if self._flights:
            await asyncio.wait(self._flights.values())
        await self._http.aclose()

    async def _outcome(self, effect: Effect, body: _Body) -> tuple[object, Exception | None]:
        try:
            return await self._perform(effect, body), None
        except Exception as error:  # noqa: BLE001 - the plan decides
            return None, error

    async def _perform(self, effect: Effect, body: _Body) -> object:
        result: object = None
        match effect:
            case Send(request):
                result = await self._send(request, None)
            case Open(request):
                result = await self._send(request, body)
            case Chunk():
                result = await body.next()
            case Shut():
                await body.aclose()
            case Sleep(seconds):
                await self._sleep(seconds)
            case Load():
                result = await self._load()
            case Save(credentials):
                await self._save(credentials)
            case TryLock():
                result = await self._try_lock()
            case Once(name, plan):
                result = await self._once(name, plan)
        return result

    async def _send(self, request: Request, body: _Body | None) -> Answer:
        if self._http.is_closed:
            raise ClientClosedError("The client was closed.")
        try:
            response = await self._http.send(built(self._http, self._url, request), stream=True)
            if body is not None and response.is_success:
                await body.hold(response)
                return answer_of(response, b"")
            try:
                return answer_of(response, await response.aread())
            finally:
                await response.aclose()
        except httpx2.RequestError as error:
            raise fault_of(error) from error

    async def _load(self) -> Credentials:
        if isinstance(self._store, AsyncTokenStore):
            return await self._store.load_async()
        return self._store.load() if self._store.is_instant else await asyncio.to_thread(self._store.load)

    async def _save(self, credentials: Credentials) -> None:
        if isinstance(self._store, AsyncTokenStore):
            await self._store.save_async(credentials)
        elif self._store.is_instant:
            self._store.save(credentials)
        else:
            await asyncio.to_thread(self._store.save, credentials)

    async def _try_lock(self) -> Callable[[], None] | None:
        if isinstance(self._store, AsyncTokenStore):
            return await self._store.try_lock_async()
        # It does not wait, and in a thread a cancellation would leave it locked.
        return self._store.try_lock()

    async def _once(self, name: str, plan: Callable[[], Plan[Any]]) -> object:
        task = self._flights.get(name)
        if task is None:
            task = asyncio.create_task(self.run(plan()), name=f"ntt-auth-client {name}")
            self._flights[name] = task
            task.add_done_callback(lambda done: self._land(name, done))
        # Whoever waits may be cancelled; what is under way is not.
        return await asyncio.shield(task)

    def _land(self, name: str, task: asyncio.Task[Any]) -> None:
        del self._flights[name]
        if not task.cancelled():
            # Looked at here, as everybody who waited may be gone.
            task.exception()


class _Body(AsyncExitStack):
    """The body that a plan reads, if it opened one."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: AsyncIterator[bytes] | None = None

    async def hold(self, response: httpx2.Response) -> None:
        """Read from this response, and close it in the end."""
        await self.aclose()
        self.push_async_callback(response.aclose)
        self._pieces = response.aiter_bytes()

    async def next(self) -> bytes:
        """Return the next piece, empty at the end."""
        if self._pieces is None:
            return b""
        try:
            return await anext(self._pieces, b"")
        except httpx2.RequestError as error:
            raise fault_of(error) from error
