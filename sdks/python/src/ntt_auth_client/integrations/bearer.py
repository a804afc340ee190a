"""What all integrations share: where the token stands, and how a refusal is answered (RFC 6750, RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ntt_auth_client.errors import (
    AuthenticationError,
    NetworkError,
    NttAuthError,
    PermissionDeniedError,
    ServerError,
    TokenMissingError,
    UnexpectedAnswerError,
)


def bearer_token(authorization: str | None) -> str | None:
    """Return the token of a header `Authorization`; `None` if it holds none."""
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip(" ")
    return token if scheme.lower() == "bearer" and token else None


def websocket_token(authorization: str | None, protocols: list[str]) -> str | None:
    """Return the token of a WebSocket's opening request: of `Authorization`, or after `bearer` among its subprotocols.

    Browsers can set nothing but the latter: `new WebSocket(url, ["bearer", accessToken])`.
    """
    if len(protocols) == 2 and protocols[0].lower() == "bearer":
        return bearer_token(authorization) or protocols[1]
    return bearer_token(authorization)


def missing() -> TokenMissingError:
    """Return the error for a request without a token."""
    return TokenMissingError("An access token is needed.", operation="verifier.verify")


@dataclass(frozen=True, slots=True)
class Refusal:
    """How an error is answered."""

    status: int
    headers: dict[str, str]
    problem: dict[str, Any]


def refusal_of(error: NttAuthError) -> Refusal:
    """Return how an error of a verifier is answered. What only concerns the operator is not told."""
    if isinstance(error, AuthenticationError):
        challenge = "Bearer" if isinstance(error, TokenMissingError) else 'Bearer error="invalid_token"'
        return _refusal(401, error, {"WWW-Authenticate": challenge})
    if isinstance(error, PermissionDeniedError):
        return _refusal(403, error, {"WWW-Authenticate": 'Bearer error="insufficient_scope"'})
    if isinstance(error, NetworkError | ServerError | UnexpectedAnswerError):
        # Nobody is signed out by it: the token may be good.
        return _refusal(503, error, {"Retry-After": str(max(1, round(error.retry_after or 1)))})
    raise error


def _refusal(status: int, error: NttAuthError, headers: dict[str, str]) -> Refusal:
    code = error.code or "unavailable"
    problem = {"type": "about:blank", "title": error.title, "status": status, "code": code}
    if status < 500:
        problem["detail"] = error.detail
    return Refusal(status, headers, problem)
