"""What a plan may ask of whoever performs it.

A plan is a generator: it yields effects, is sent what came of each, and returns its result. Plans hold all the logic
and
touch neither network nor clock, so that the blocking client and the asyncio client are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ntt_auth_client._core.http import Answer, Request

if TYPE_CHECKING:
    from ntt_auth_client.stores.credentials import Credentials

T = TypeVar("T")
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request and return the whole answer; raises a fault."""

    request: Request


@dataclass(frozen=True, slots=True)
class Open:
    """Send a request and return the answer; if it is a good one, leave its body for `Chunk`."""

    request: Request


@dataclass(frozen=True, slots=True)
class Chunk:
    """Return the next piece of the opened body, empty at its end; raises a fault, also after too long a silence."""


@dataclass(frozen=True, slots=True)
class Shut:
    """Close the opened body, if there is one."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Load:
    """Return what the token store holds."""


@dataclass(frozen=True, slots=True)
class Save:
    """Put this into the token store."""

    credentials: Credentials


@dataclass(frozen=True, slots=True)
class TryLock:
    """Return what releases the token store's lock; `None` if somebody else holds it."""


@dataclass(frozen=True, slots=True)
class Once:
    """Perform a plan and return its result, together with everybody who asks for it under this name meanwhile.

    The plan is performed to its end even if whoever waits for it is cancelled.
    """

    name: str
    plan: Callable[[], Plan[Any]]


@dataclass(frozen=True, slots=True)
class Emit(Generic[T]):
    """Hand one item to whoever reads the stream."""

    item: T


Effect = Send | Open | Chunk | Shut | Sleep | Load | Save | TryLock | Once
Plan = Generator[Effect, Any, T]
"""Does something and returns a result."""
Stream = Generator[Effect | Emit[T], Any, None]
"""Gives one item after another."""


def advanced(plan: Generator[E, Any, Any], result: object, error: Exception | None) -> E:
    """Go on with a plan, with what came of the effect it asked for; `StopIteration` holds its result."""
    return plan.send(result) if error is None else plan.throw(error)


def send(request: Request) -> Plan[Answer]:
    """Send a request and return the whole answer."""
    answer: Answer = yield Send(request)
    return answer


def open_stream(request: Request) -> Plan[Answer]:
    """Send a request whose answer is read piece by piece."""
    answer: Answer = yield Open(request)
    return answer


def chunk() -> Plan[bytes]:
    """Return the next piece of an opened body."""
    piece: bytes = yield Chunk()
    return piece


def shut() -> Plan[None]:
    """Close the opened body, if there is one."""
    yield Shut()


def sleep(seconds: float) -> Plan[None]:
    """Wait for so many seconds."""
    yield Sleep(seconds)


def load() -> Plan[Credentials]:
    """Return what the token store holds."""
    credentials: Credentials = yield Load()
    return credentials


def save(credentials: Credentials) -> Plan[None]:
    """Put this into the token store."""
    yield Save(credentials)


def lock() -> Plan[Callable[[], None]]:
    """Take the token store's lock, however long others hold it; return what releases it."""
    while True:
        release: Callable[[], None] | None = yield TryLock()
        if release is not None:
            return release
        yield Sleep(LOCK_INTERVAL)


def once(name: str, plan: Callable[[], Plan[T]]) -> Plan[T]:
    """Perform a plan together with everybody who asks for it meanwhile."""
    result: T = yield Once(name, plan)
    return result


LOCK_INTERVAL = 0.02
"""How often the lock is tried again, in seconds."""
