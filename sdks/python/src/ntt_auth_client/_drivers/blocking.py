"""Performs plans by waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError, Future, wait
from contextlib import ExitStack, closing
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
from ntt_auth_client.stores.protocol import TokenStore

T = TypeVar("T")


class BlockingDriver:
    """Performs plans, in as many threads at one time as call it."""

    def __init__(self, http: httpx2.Client, url: str, store: TokenStore, sleep: Callable[[float], None]) -> None:
        """Send by this client, to this server."""
        self._http = http
        self._url = url
        self._store = store
        self._sleep = sleep
        self._mutex = threading.Lock()
        self._flights: dict[str, Future[Any]] = {}
        self._mine = threading.local()

    def run(self, plan: Plan[T]) -> T:
        """Perform a plan and return its result."""
        with closing(plan), _Body() as body:
            result: object = None
            error: Exception | None = None
            while True:
                try:
                    effect = advanced(plan, result, error)
                except StopIteration as stop:
                    value: T = stop.value
                    return value
                result, error = self._outcome(effect, body)

    def stream(self, plan: Stream[T]) -> Generator[T, None, None]:
        """Perform a plan and give what it emits."""
        with closing(plan), _Body() as body:
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
                    result, error = self._outcome(effect, body)

    def close(self) -> None:
        """Wait for the refresh that is under way, if there is one, and close the connections."""
        with self._mutex:
            flights = list(self._flights.values())
        wait(flights)
        self._http.close()

    def _outcome(self, effect: Effect, body: _Body) -> tuple[object, Exception | None]:
        try:
            return self._perform(effect, body), None
        except Exception as error:  # noqa: BLE001 - the plan decides
            return None, error

    def _perform(self, effect: Effect, body: _Body) -> object:
        result: object = None
        match effect:
            case Send(request):
                result = self._send(request, None)
            case Open(request):
                result = self._send(request, body)
            case Chunk():
                result = body.next()
            case Shut():
                body.close()
            case Sleep(seconds):
                self._sleep(seconds)
            case Load():
                result = self._store.load()
            case Save(credentials):
                self._store.save(credentials)
            case TryLock():
                result = self._store.try_lock()
            case Once(name, plan):
                result = self._once(name, plan)
        return result

    def _send(self, request: Request, body: _Body | None) -> Answer:
        if self._http.is_closed:
            raise ClientClosedError("The client was closed.")
        try:
            response = self._http.send(built(self._http, self._url, request), stream=True)
            if body is not None and response.is_success:
                body.hold(response)
                return answer_of(response, b"")
            try:
                return answer_of(response, response.read())
            finally:
                response.close()
        except httpx2.RequestError as error:
            raise fault_of(error) from error

    def _once(self, name: str, plan: Callable[[], Plan[Any]]) -> object:
        if name in self._own():
            # A listener that was told in the course of it calls the client: there is nobody to wait for.
            return self.run(plan())
        while True:
            with self._mutex:
                flight = self._flights.get(name)
                is_mine = flight is None
                if flight is None:
                    flight = self._flights[name] = Future()
            if is_mine:
                return self._fly(name, flight, plan)
            try:
                return flight.result()
            except CancelledError:
                # Its thread was interrupted. This one takes over.
                continue

    def _fly(self, name: str, flight: Future[Any], plan: Callable[[], Plan[Any]]) -> object:
        self._own().add(name)
        try:
            result = self.run(plan())
        except BaseException:
            self._land(name)
            flight.cancel()
            raise
        self._land(name)
        flight.set_result(result)
        return result

    def _land(self, name: str) -> None:
        self._own().discard(name)
        with self._mutex:
            del self._flights[name]

    def _own(self) -> set[str]:
        """Return what this thread performs for all."""
        own: set[str] = self._mine.__dict__.setdefault("names", set())
        return own


class _Body(ExitStack):
    """The body that a plan reads, if it opened one."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: Iterator[bytes] = iter(())

    def hold(self, response: httpx2.Response) -> None:
        """Read from this response, and close it in the end."""
        self.close()
        self.callback(response.close)
        self._pieces = response.iter_bytes()

    def next(self) -> bytes:
        """Return the next piece, empty at the end."""
        try:
            return next(self._pieces, b"")
        except httpx2.RequestError as error:
            raise fault_of(error) from error
