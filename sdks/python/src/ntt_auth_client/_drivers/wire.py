"""Between the core's values and the HTTP library's."""

from __future__ import annotations

import httpx2

from ntt_auth_client._core.http import Answer, Request

KEEP_ALIVE = 60.0
LIMITS = httpx2.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=KEEP_ALIVE)


def built(http: httpx2.Client | httpx2.AsyncClient, url: str, request: Request) -> httpx2.Request:
    """Return what the HTTP library sends."""
    return http.build_request(
        request.method,
        url + request.target,
        headers=dict(request.headers),
        content=request.content,
        timeout=request.timeout,
    )


def answer_of(response: httpx2.Response, content: bytes) -> Answer:
    """Return what the core reads."""
    return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, content)
