"""Validating access tokens locally, in an event loop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self

import httpx2

from ntt_auth_client._core.clock import Clock, SystemClock
from ntt_auth_client._core.retry import RetryPolicy
from ntt_auth_client._core.settings import USER_AGENT, Context, Settings
from ntt_auth_client._drivers.awaiting import AwaitingDriver
from ntt_auth_client._drivers.wire import LIMITS
from ntt_auth_client.errors import ClientClosedError, RevocationsStaleError
from ntt_auth_client.stores.memory import MemoryTokenStore
from ntt_auth_client.verification.claims import Expected
from ntt_auth_client.verification.follower import FeedTransport, Follower
from ntt_auth_client.verification.judge import Judge, OnStale
from ntt_auth_client.verification.key import ALGORITHMS
from ntt_auth_client.verification.permissions import PermissionCache
from ntt_auth_client.verification.principal import Principal
from ntt_auth_client.verification.revocations import Revocations

REQUEST_TIMEOUT = 5.0


class AsyncTokenVerifier:
    """Validates access tokens in an event loop, by the server's public keys and its feed of revocations.

    A token that was verified before is judged in microseconds and without a request: its signature is remembered, and
    its times and revocation are looked at each time.

    ```python
    async with AsyncTokenVerifier("https://auth.example.com", feed_token=feed_token) as verifier:
        principal = await verifier.verify(access_token)
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
        """Make a verifier. Nothing is sent before the first token, or before it is started.

        Args:
            url: The address of the server.
            feed_token: What the server has as `revocations.feed_token`. **Without it revocations are not followed**: a
                token is then accepted until it expires, whatever happened to its session.
            issuer: The server's `public_url`; the address if left out.
            audience: The server's `tokens.audience`; the issuer if left out, as on the server.
            algorithms: Those of `ES256`, `EdDSA` and `RS256` that are accepted. Best is the one that the server has as
                `keys.algorithm`.
            leeway: How many seconds clocks may differ.
            staleness_limit: For how many seconds old knowledge of revocations is good enough.
            on_stale: What happens afterwards to a token that looks good: `refuse` raises `RevocationsStaleError`, `ask`
                asks the server for each, `allow` accepts it.
            feed_transport: How revocations are followed: by the `stream`, or, where a proxy does not let one through,
                by a `poll` that waits at the server.
            start_up: How many seconds the first tokens wait until it is known what is revoked.
            remember: How many verified tokens are remembered.
            transport: How requests travel, for proxies, certificates and tests.
            clock: Where the time comes from.
            staleness_clock: The seconds that staleness is measured by; `clock.monotonic` if left out. In a test, time
                that is only said to have passed makes nothing stale.
            sleep: How to wait.
            draw: Gives random numbers from 0 to 1, for the waits.

        Raises:
            ValueError: The address is none, or an algorithm is not one of the three.
        """
        refused = set(algorithms) - set(ALGORITHMS)
        if refused or not algorithms:
            raise ValueError(f"algorithms are some of {', '.join(ALGORITHMS)}; not {', '.join(map(repr, refused))}")
        settings = Settings(
            url,
            timeout=REQUEST_TIMEOUT,
            retry=RetryPolicy(tries=1),
            user_agent=USER_AGENT,
            feed_token=feed_token,
            clock=clock or SystemClock(),
            draw=draw,
        )
        expected = Expected(issuer or settings.url, audience or issuer or settings.url, leeway)
        context = Context.of(settings)
        self._settings = settings
        self._revocations = Revocations(settings.clock, staleness_clock) if feed_token is not None else None
        self._judge = Judge(
            context,
            expected=expected,
            algorithms=frozenset(algorithms),
            revocations=self._revocations,
            staleness_limit=staleness_limit,
            on_stale=on_stale,
            remember=remember,
        )
        self._permissions = PermissionCache(context)
        http = httpx2.AsyncClient(
            transport=transport, limits=LIMITS, follow_redirects=False, trust_env=transport is None
        )
        self._driver = AwaitingDriver(http, settings.url, MemoryTokenStore(), sleep)
        self._context = context
        self._feed_transport: FeedTransport = feed_transport
        self._start_up = start_up
        self._known = asyncio.Event()
        self._following: asyncio.Task[None] | None = None
        self._is_closed = False

    def __repr__(self) -> str:
        """Show no token."""
        return f"AsyncTokenVerifier({self._settings.url!r})"

    async def __aenter__(self) -> Self:
        """Start it, and return it."""
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.aclose()

    @property
    def staleness(self) -> float | None:
        """How many seconds ago everything that is revoked was known; `None` before it was, and without a feed."""
        return None if self._revocations is None else self._revocations.staleness

    @property
    def is_ready(self) -> bool:
        """Whether it is known what is revoked. Without a feed there is nothing to wait for."""
        return self._revocations is None or self._revocations.staleness is not None

    def start(self) -> None:
        """Begin to follow revocations. The first token does so otherwise."""
        if self._is_closed:
            raise ClientClosedError("The verifier was closed.", operation="verifier.start")
        if self._revocations is None or self._following is not None:
            return
        follower = Follower(self._context, self._revocations, self._known.set)
        plan = follower.follow(self._feed_transport)
        self._following = asyncio.create_task(self._driver.run(plan), name="ntt-auth-client revocations")

    async def verify(self, token: str) -> Principal:
        """Return who an access token speaks for.

        Raises:
            TokenInvalidError: It is none of this server, was altered, or is of another kind.
            TokenExpiredError: Its time is over.
            TokenRevokedError: Its session was ended, or its holder's rights changed.
            RevocationsStaleError: It looks good, but it is not known what was revoked of late. This is no reason to
                sign in again.
            NetworkError: The keys are not known yet, and cannot be had.
        """
        if self._following is None:
            self.start()
        try:
            principal = self.verify_at_once(token)
            if principal is not None:
                return principal
            return await self._driver.run(self._judge.judge(token))
        except RevocationsStaleError:
            if self.is_ready or self._start_up <= 0:
                raise
            # Requests that come in the first moment of a process wait for the feed to be there.
            try:
                await asyncio.wait_for(self._known.wait(), self._start_up)
            except TimeoutError:
                self._start_up = 0.0
            return await self._driver.run(self._judge.judge(token))

    def verify_at_once(self, token: str) -> Principal | None:
        """Return who a token speaks for, or raise, without a request; `None` if that needs one: `verify` sends it."""
        return self._judge.at_once(token)

    async def require_permission(self, principal: Principal, action: str) -> None:
        """Raise `ForbiddenError` unless the role may do this, by the table that the server publishes.

        Args:
            principal: Who.
            action: An action of that table, such as `list_users`. The role may do it at least to somebody.
        """
        await self._driver.run(self._permissions.require(principal, action))

    async def aclose(self) -> None:
        """Stop following revocations and close the connections."""
        self._is_closed = True
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
        await self._driver.close()
