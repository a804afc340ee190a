"""Why no answer came, as the transport tells it, before anybody knows which operation it concerned."""

from __future__ import annotations

import socket
from typing import cast

import httpx2

from ntt_auth_client.errors import (
    ConnectionFailedError,
    ConnectionLostError,
    NameResolutionError,
    NetworkError,
    TimedOutError,
)


class FaultError(Exception):
    """No whole answer came; `kind` is the error it becomes, and `sent` whether the request may have been executed."""

    def __init__(self, kind: type[NetworkError], *, sent: bool) -> None:
        """Note what is known."""
        super().__init__(kind.default_title)
        self.kind = kind
        self.sent = sent


def fault_of(error: httpx2.RequestError) -> FaultError:
    """Return what an exception of the HTTP library means."""
    if isinstance(error, httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return FaultError(TimedOutError, sent=False)
    if isinstance(error, httpx2.TimeoutException):
        return FaultError(TimedOutError, sent=True)
    if isinstance(error, httpx2.ConnectError | httpx2.ProxyError | httpx2.UnsupportedProtocol):
        kind = NameResolutionError if _is_resolution(error) else ConnectionFailedError
        return FaultError(kind, sent=False)
    return FaultError(ConnectionLostError, sent=True)


def _is_resolution(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, socket.gaierror):
            return True
        if isinstance(seen, BaseExceptionGroup):
            several = cast("BaseExceptionGroup[BaseException]", seen)
            return any(_is_resolution(one) for one in several.exceptions)
        seen = seen.__cause__ or seen.__context__
    return False
