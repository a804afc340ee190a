"""Clients and verifiers whose server is in memory."""

from __future__ import annotations

from typing import Any

from ntt_auth_client.blocking_verifier import TokenVerifier
from ntt_auth_client.client import AsyncAuthClient, AuthClient
from ntt_auth_client.errors import CODES
from ntt_auth_client.testing.fake_problem import FakeProblemError
from ntt_auth_client.testing.fake_server import FakeServer
from ntt_auth_client.verification.principal import Principal
from ntt_auth_client.verifier import AsyncTokenVerifier


class FakeAuthClient(AuthClient):
    """A client as `AuthClient` is one, whose `server` is in memory."""

    def __init__(self, server: FakeServer | None = None, **options: Any) -> None:  # noqa: ANN401 - those of AuthClient
        """Make a client of a server, or of one of its own."""
        self.server = server or FakeServer()
        super().__init__(self.server.url, **_options(self.server, {"sleep": _never, **options}))


class FakeAsyncAuthClient(AsyncAuthClient):
    """A client as `AsyncAuthClient` is one, whose `server` is in memory."""

    def __init__(self, server: FakeServer | None = None, **options: Any) -> None:  # noqa: ANN401 - those of AsyncAuthClient
        """Make a client of a server, or of one of its own."""
        self.server = server or FakeServer()
        super().__init__(self.server.url, **_options(self.server, {"sleep": _at_once, **options}))


class FakeTokenVerifier(TokenVerifier):
    """A verifier as `TokenVerifier` is one, whose `server` is in memory and tells it at once what is revoked."""

    def __init__(self, server: FakeServer | None = None, **options: Any) -> None:  # noqa: ANN401 - those of TokenVerifier
        """Judge the tokens of a server, or of one of its own."""
        self.server = server or FakeServer()
        super().__init__(self.server.url, **_options(self.server, options))

    def verify(self, token: str) -> Principal:
        """Return who an access token speaks for, or raise as the real one does."""
        _judged(self.server, token)
        return super().verify(token)


class FakeAsyncTokenVerifier(AsyncTokenVerifier):
    """A verifier as `AsyncTokenVerifier` is one, whose `server` is in memory and tells it at once what is revoked."""

    def __init__(self, server: FakeServer | None = None, **options: Any) -> None:  # noqa: ANN401 - those of AsyncTokenVerifier
        """Judge the tokens of a server, or of one of its own."""
        self.server = server or FakeServer()
        super().__init__(self.server.url, **_options(self.server, options))

    async def verify(self, token: str) -> Principal:
        """Return who an access token speaks for, or raise as the real one does."""
        _judged(self.server, token)
        return await super().verify(token)


def _options(server: FakeServer, given: dict[str, Any]) -> dict[str, Any]:
    return {"transport": server.transport, "clock": server.clock, **given}


def _judged(server: FakeServer, token: str) -> None:
    try:
        server.read(token)
    except FakeProblemError as problem:
        raise CODES[problem.code](problem.detail, operation="verifier.verify") from None


# Nothing waits for a server in memory.
def _never(_: float) -> None:
    return


async def _at_once(_: float) -> None:
    return
