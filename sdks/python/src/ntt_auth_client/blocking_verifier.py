"""Validating access tokens locally, in threads that wait."""

from __future__ import annotations

import asyncio
import os
import random
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from ntt_auth_client._core.clock import Clock
from ntt_auth_client.errors import ClientClosedError, RevocationsStaleError
from ntt_auth_client.verification.follower import FeedTransport
from ntt_auth_client.verification.judge import OnStale
from ntt_auth_client.verification.key import ALGORITHMS
from ntt_auth_client.verification.principal import Principal
from ntt_auth_client.verifier import AsyncTokenVerifier

T = TypeVar("T")


class TokenVerifier:
    """Validates access tokens from any number of threads, by the server's public keys and its feed of revocations.

    The feed is followed by a thread of its own, which starts with the first token, also in each process that was
    forked.

    ```python
    with TokenVerifier("https://auth.example.com", feed_token=feed_token) as verifier:
        principal = verifier.verify(access_token)
    ```
    """

    def __init__(  # noqa: PLR0913 - all but the address have a default
        self,
        url: str,
        *,
        feed_token: str | None = None,
        issuer: str | None = None,
        audience: str | None = None,
        algorithms: Sequence[str] = ALGORITHMS,
        leeway: int = 5,
        staleness_limit: float = 30.0,
        on_stale: OnStale = "refuse",
        feed_transport: FeedTransport = "stream",
        start_up: float = 5.0,
        remember: int = 10_000,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        staleness_clock: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        draw: Callable[[], float] = random.random,
    ) -> None:
        """Make a verifier. The options are those of `AsyncTokenVerifier`, which does the work."""

        def make() -> AsyncTokenVerifier:
            return AsyncTokenVerifier(
                url,
                feed_token=feed_token,
                issuer=issuer,
                audience=audience,
                algorithms=algorithms,
                leeway=leeway,
                staleness_limit=staleness_limit,
                on_stale=on_stale,
                feed_transport=feed_transport,
                start_up=start_up,
                remember=remember,
                transport=transport,
                clock=clock,
                staleness_clock=staleness_clock,
                sleep=sleep,
                draw=draw,
            )

        self._make = make
        self._mutex = threading.Lock()
        self._verifier = make()
        self._background: _Background | None = None
        self._is_closed = False
        _VERIFIERS.add(self)

    def __repr__(self) -> str:
        """Show no token."""
        return repr(self._verifier).removeprefix("Async")

    def __enter__(self) -> Self:
        """Start it, and return it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    @property
    def staleness(self) -> float | None:
        """How many seconds ago everything that is revoked was known; `None` before it was, and without a feed."""
        return self._verifier.staleness

    @property
    def is_ready(self) -> bool:
        """Whether it is known what is revoked. Without a feed there is nothing to wait for."""
        return self._verifier.is_ready

    def start(self) -> None:
        """Begin to follow revocations. The first token does so otherwise."""
        self._started()

    def verify(self, token: str) -> Principal:
        """Return who an access token speaks for.

        Raises:
            TokenInvalidError: It is none of this server, was altered, or is of another kind.
            TokenExpiredError: Its time is over.
            TokenRevokedError: Its session was ended, or its holder's rights changed.
            RevocationsStaleError: It looks good, but it is not known what was revoked of late. This is no reason to
                sign in again.
            NetworkError: The keys are not known yet, and cannot be had.
        """
        verifier = self._verifier if self._background is not None else self._started()
        try:
            principal = verifier.verify_at_once(token)
        except RevocationsStaleError:
            if verifier.is_ready:
                raise
            principal = None
        return principal if principal is not None else self._run(verifier.verify(token))

    def require_permission(self, principal: Principal, action: str) -> None:
        """Raise `ForbiddenError` unless the role may do this, by the table that the server publishes.

        Args:
            principal: Who.
            action: An action of that table, such as `list_users`. The role may do it at least to somebody.
        """
        self._run(self._started().require_permission(principal, action))

    def close(self) -> None:
        """Stop following revocations, end the thread and close the connections."""
        with self._mutex:
            self._is_closed = True
            background, self._background = self._background, None
        if background is not None:
            background.close()

    def forget_thread(self) -> None:
        """Begin anew in a forked process, where threads do not go on."""
        self._mutex = threading.Lock()
        self._verifier = self._make()
        self._background = None

    def _started(self) -> AsyncTokenVerifier:
        with self._mutex:
            if self._is_closed:
                raise ClientClosedError("The verifier was closed.", operation="verifier.verify")
            if self._background is None:
                self._background = _Background(self._verifier)
            return self._verifier

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        background = self._background
        if background is None:
            coroutine.close()
            raise ClientClosedError("The verifier was closed.", operation="verifier.verify")
        return background.run(coroutine)


class _Background:
    """A thread with an event loop, in which a verifier lives."""

    def __init__(self, verifier: AsyncTokenVerifier) -> None:
        self._verifier = verifier
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ntt-auth-client revocations", daemon=True)
        self._thread.start()
        self._loop.call_soon_threadsafe(verifier.start)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the thread and wait for its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def close(self) -> None:
        """End the thread."""
        self.run(self._verifier.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


_VERIFIERS: weakref.WeakSet[TokenVerifier] = weakref.WeakSet()


def _forked() -> None:
    for verifier in list(_VERIFIERS):
        verifier.forget_thread()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
