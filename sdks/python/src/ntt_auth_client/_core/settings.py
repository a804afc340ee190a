"""What a client is made with."""

from __future__ import annotations

import platform
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import httpx2

from ntt_auth_client._core.clock import Clock, ServerTime, SystemClock
from ntt_auth_client._core.retry import RetryPolicy
from ntt_auth_client.version import VERSION

SessionEvent = Literal["signed_in", "refreshed", "signed_out", "session_expired"]
"""What listeners are told."""

USER_AGENT = f"ntt-auth-client-python/{VERSION} Python/{platform.python_version()}"


def make_request_id() -> str:
    """Return a name for a request that no other has."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a client is made with; everything but the address has a default."""

    url: str
    timeout: float = 10.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    user_agent: str = USER_AGENT
    feed_token: str | None = field(default=None, repr=False)
    metrics_token: str | None = field(default=None, repr=False)
    clock: Clock = field(default_factory=SystemClock)
    draw: Callable[[], float] = random.random
    """Gives random numbers from 0 to 1, for waits."""
    request_id: Callable[[], str] = make_request_id

    def __post_init__(self) -> None:
        """Refuse an address that is none, or that holds a password."""
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("the server's address begins with http:// or https:// and has a host")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("the server's address holds no user, query or fragment")
        try:
            httpx2.URL(self.url)
        except httpx2.InvalidURL as error:
            raise ValueError(f"the server's address is none: {error}") from None
        object.__setattr__(self, "url", self.url.rstrip("/"))


@dataclass(slots=True)
class Context:
    """What a client knows while it runs."""

    settings: Settings
    time: ServerTime
    listeners: list[Callable[[SessionEvent], None]] = field(default_factory=list[Callable[["SessionEvent"], None]])

    @classmethod
    def of(cls, settings: Settings) -> Context:
        """Begin."""
        return cls(settings, ServerTime(settings.clock))

    def listen(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Have a function told of what becomes of the session; return what ends that."""
        self.listeners.append(listener)

        def end() -> None:
            if listener in self.listeners:
                self.listeners.remove(listener)

        return end
