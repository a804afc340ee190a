"""A network that loses answers."""

from __future__ import annotations

import random

import httpx2


class Losses:
    """Decides what is lost, and counts it. The same seed loses the same."""

    def __init__(self, seed: int, lost: float = 0.4, refused: float = 0.1) -> None:
        """Lose so many of the answers to refreshes, and refuse so many connections for them."""
        self._random = random.Random(seed)  # noqa: S311 - not for secrets
        self._lost = lost
        self._refused = refused
        self.lost = 0
        self.refused = 0
        self.refreshes = 0

    def before(self, request: httpx2.Request) -> None:
        """Refuse a connection now and then."""
        if request.url.path.endswith("/auth/refresh"):
            self.refreshes += 1
            if self._random.random() < self._refused:
                self.refused += 1
                raise httpx2.ConnectError("refused by the test", request=request)

    def after(self, request: httpx2.Request) -> None:
        """Lose an answer now and then, once the server has done what it was asked."""
        if request.url.path.endswith("/auth/refresh") and self._random.random() < self._lost:
            self.lost += 1
            raise self._random.choice([httpx2.ReadError, httpx2.ReadTimeout, httpx2.RemoteProtocolError])(
                "lost by the test", request=request
            )


class LossyTransport(httpx2.HTTPTransport):
    """Loses answers of a blocking client."""

    def __init__(self, losses: Losses) -> None:
        """Lose these."""
        super().__init__()
        self._losses = losses

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, and lose what is to be lost."""
        self._losses.before(request)
        response = super().handle_request(request)
        response.read()
        self._losses.after(request)
        return response


class LossyAsyncTransport(httpx2.AsyncHTTPTransport):
    """Loses answers of a client in an event loop."""

    def __init__(self, losses: Losses) -> None:
        """Lose these."""
        super().__init__()
        self._losses = losses

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, and lose what is to be lost."""
        self._losses.before(request)
        response = await super().handle_async_request(request)
        await response.aread()
        self._losses.after(request)
        return response
