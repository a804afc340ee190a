"""The clients."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import httpx2

from ntt_auth_client import nouns
from ntt_auth_client._core.clock import Clock, SystemClock
from ntt_auth_client._core.retry import RetryPolicy
from ntt_auth_client._core.settings import USER_AGENT, Context, SessionEvent, Settings, make_request_id
from ntt_auth_client._drivers.awaiting import AwaitingDriver
from ntt_auth_client._drivers.blocking import BlockingDriver
from ntt_auth_client._drivers.wire import LIMITS
from ntt_auth_client.stores.memory import MemoryTokenStore
from ntt_auth_client.stores.protocol import AsyncTokenStore, TokenStore


class AuthClient:
    """A client of one server. Any number of threads may share it, and share one refresh.

    ```python
    with AuthClient("https://auth.example.com") as client:
        client.auth.login(email="ada@example.com", password=password)
        print(client.me.read().first_name)
    ```
    """

    def __init__(  # noqa: PLR0913 - all but the address have a default
        self,
        url: str,
        *,
        store: TokenStore | None = None,
        timeout: float = 10.0,
        retry: RetryPolicy | None = None,
        user_agent: str = USER_AGENT,
        feed_token: str | None = None,
        metrics_token: str | None = None,
        transport: httpx2.BaseTransport | None = None,
        clock: Clock | None = None,
        sleep: Callable[[float], None] = time.sleep,
        draw: Callable[[], float] = random.random,
        request_id: Callable[[], str] = make_request_id,
    ) -> None:
        """Make a client. Nothing is sent before the first call.

        Args:
            url: The address of the server, such as `https://auth.example.com`.
            store: Where the tokens are kept; in memory if left out.
            timeout: Seconds for a try: to connect, and between two pieces of an answer.
            retry: How often something is sent again, and after what waits.
            user_agent: All who share a store send the same: by it the server knows that a repeated refresh is one.
            feed_token: What the server has as `revocations.feed_token`.
            metrics_token: What the server has as `metrics.token`.
            transport: How requests travel, for proxies, certificates and tests.
            clock: Where the time comes from.
            sleep: How to wait.
            draw: Gives random numbers from 0 to 1, for the waits.
            request_id: Makes the `X-Request-Id` of a call.

        Raises:
            ValueError: The address is none.
        """
        settings = Settings(
            url,
            timeout=timeout,
            retry=retry or RetryPolicy(),
            user_agent=user_agent,
            feed_token=feed_token,
            metrics_token=metrics_token,
            clock=clock or SystemClock(),
            draw=draw,
            request_id=request_id,
        )
        self._context = Context.of(settings)
        # Redirections are not followed: a token must not go to another place.
        http = httpx2.Client(transport=transport, limits=LIMITS, follow_redirects=False, trust_env=transport is None)
        self._driver = BlockingDriver(http, settings.url, store if store is not None else MemoryTokenStore(), sleep)
        self.auth = nouns.Auth(self._context, self._driver)
        self.session = nouns.Session(self._context, self._driver)
        self.sessions = nouns.Sessions(self._context, self._driver)
        self.me = nouns.Me(self._context, self._driver)
        self.users = nouns.Users(self._context, self._driver)
        self.audit = nouns.Audit(self._context, self._driver)
        self.system = nouns.System(self._context, self._driver)
        self.revocations = nouns.Revocations(self._context, self._driver)
        self.testing = nouns.Testing(self._context, self._driver)

    def __repr__(self) -> str:
        """Show no token."""
        return f"AuthClient({self._context.settings.url!r})"

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the connections, once a refresh that is under way has ended. The tokens stay in their store."""
        self._driver.close()

    def listen(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Have a function told what becomes of the session (a `SessionEvent`); return what ends that."""
        return self._context.listen(listener)


class AsyncAuthClient:
    """A client of one server, for one event loop. Any number of tasks may share it, and share one refresh.

    ```python
    async with AsyncAuthClient("https://auth.example.com") as client:
        await client.auth.login(email="ada@example.com", password=password)
        print((await client.me.read()).first_name)
    ```
    """

    def __init__(  # noqa: PLR0913 - all but the address have a default
        self,
        url: str,
        *,
        store: TokenStore | AsyncTokenStore | None = None,
        timeout: float = 10.0,
        retry: RetryPolicy | None = None,
        user_agent: str = USER_AGENT,
        feed_token: str | None = None,
        metrics_token: str | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        draw: Callable[[], float] = random.random,
        request_id: Callable[[], str] = make_request_id,
    ) -> None:
        """Make a client. Nothing is sent before the first call.

        Args:
            url: The address of the server, such as `https://auth.example.com`.
            store: Where the tokens are kept; in memory if left out.
            timeout: Seconds for a try: to connect, and between two pieces of an answer.
            retry: How often something is sent again, and after what waits.
            user_agent: All who share a store send the same: by it the server knows that a repeated refresh is one.
            feed_token: What the server has as `revocations.feed_token`.
            metrics_token: What the server has as `metrics.token`.
            transport: How requests travel, for proxies, certificates and tests.
            clock: Where the time comes from.
            sleep: How to wait.
            draw: Gives random numbers from 0 to 1, for the waits.
            request_id: Makes the `X-Request-Id` of a call.

        Raises:
            ValueError: The address is none.
        """
        settings = Settings(
            url,
            timeout=timeout,
            retry=retry or RetryPolicy(),
            user_agent=user_agent,
            feed_token=feed_token,
            metrics_token=metrics_token,
            clock=clock or SystemClock(),
            draw=draw,
            request_id=request_id,
        )
        self._context = Context.of(settings)
        # Redirections are not followed: a token must not go to another place.
        http = httpx2.AsyncClient(
            transport=transport, limits=LIMITS, follow_redirects=False, trust_env=transport is None
        )
        self._driver = AwaitingDriver(http, settings.url, store if store is not None else MemoryTokenStore(), sleep)
        self.auth = nouns.AsyncAuth(self._context, self._driver)
        self.session = nouns.AsyncSession(self._context, self._driver)
        self.sessions = nouns.AsyncSessions(self._context, self._driver)
        self.me = nouns.AsyncMe(self._context, self._driver)
        self.users = nouns.AsyncUsers(self._context, self._driver)
        self.audit = nouns.AsyncAudit(self._context, self._driver)
        self.system = nouns.AsyncSystem(self._context, self._driver)
        self.revocations = nouns.AsyncRevocations(self._context, self._driver)
        self.testing = nouns.AsyncTesting(self._context, self._driver)

    def __repr__(self) -> str:
        """Show no token."""
        return f"AsyncAuthClient({self._context.settings.url!r})"

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections, once a refresh that is under way has ended. The tokens stay in their store."""
        await self._driver.close()

    def listen(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Have a function told what becomes of the session (a `SessionEvent`); return what ends that."""
        return self._context.listen(listener)
