"""Operations are methods that tell what they are, and take values of Python."""

from __future__ import annotations

import asyncio
import inspect
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import httpx2
import pytest

from ntt_auth_client import UNSET, AsyncAuthClient, AsyncTokenVerifier, AuthClient, RetryPolicy, errors
from ntt_auth_client.nouns import AsyncUsers, Auth
from ntt_auth_client.testing import FakeAuthClient

GRACE = UUID("0199a6f2-8d41-7e0a-8c3b-6f5e4d3c2b1a")


def test_methods_tell_what_they_are() -> None:
    client, other = AuthClient("http://auth.test"), AsyncAuthClient("http://auth.test")
    assert (inspect.getdoc(client.auth.login) or "").startswith("Sign in.")
    assert client.auth.login.__name__ == "login"
    assert client.auth.login.__qualname__ == "Auth.login"
    assert str(inspect.signature(client.auth.validate)).endswith("-> 'Validation'")
    assert str(inspect.signature(other.users.iterate)).endswith("-> 'User'")
    assert "context" not in inspect.signature(other.users.iterate).parameters
    assert "Return one page" in (AsyncUsers.list.__doc__ or "")
    assert "Sign out" in (Auth.logout.__doc__ or "")
    assert repr(UNSET) == "UNSET"


def asked(call: str, *args: object, **kwargs: object) -> str:
    """Return the request that a call becomes."""
    found: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        found.append(f"{request.method} {request.url.raw_path.decode()} {request.content.decode()}")
        return httpx2.Response(404)

    with FakeAuthClient(transport=httpx2.MockTransport(answer)) as client:
        noun, verb = call.split(".")
        with pytest.raises(errors.NotFoundError):
            getattr(getattr(client, noun), verb)(*args, **kwargs)
    return found[0]


def test_times_and_ids() -> None:
    noon = datetime(2026, 1, 2, 12, 0, 0, 5000, tzinfo=timezone(timedelta(hours=2)))
    assert asked("testing.read_mail", GRACE) == f"GET /api/v1/outbox/{GRACE} "
    assert asked("testing.read_mail", "../a b/ü") == "GET /api/v1/outbox/..%2Fa%20b%2F%C3%BC "
    from ntt_auth_client.operations.call import queried, written  # noqa: PLC0415

    assert queried({"a": noon, "b": True, "c": None, "d": GRACE, "e": 0}) == (
        ("a", "2026-01-02T10:00:00.005Z"),
        ("b", "true"),
        ("d", str(GRACE)),
        ("e", "0"),
    )
    assert written({"a": UNSET, "b": None, "c": [GRACE, noon.astimezone(UTC)]}) == {
        "b": None,
        "c": [str(GRACE), "2026-01-02T10:00:00.005Z"],
    }
    with pytest.raises(ValueError, match="time zone"):
        queried({"a": datetime(2026, 1, 2)})


async def test_a_body_that_cannot_be_decoded() -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    transport = httpx2.MockTransport(
        lambda _: httpx2.Response(200, headers=headers, stream=httpx2.ByteStream(b"this is no gzip"))
    )
    policy = RetryPolicy(tries=1)
    client = AuthClient("http://auth.test", transport=transport, retry=policy)
    with client, pytest.raises(errors.ConnectionLostError):
        client.system.health()
    other = AsyncAuthClient("http://auth.test", transport=transport, retry=policy)
    async with other:
        with pytest.raises(errors.ConnectionLostError):
            await other.system.health()


async def test_a_follower_goes_on_whatever_happens(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        if len(asked) < 3:
            raise LookupError("of a transport that is broken")
        if len(asked) < 4:
            return httpx2.Response(200, json={"entries": "none"})
        page: dict[str, object] = {"entries": [], "nextCursor": "1-a", "more": False, "head": {"ageMs": 0}}
        return httpx2.Response(200, json=page)

    async with AsyncTokenVerifier(
        "http://auth.test",
        feed_token="feed-token",
        feed_transport="poll",
        transport=httpx2.MockTransport(answer),
        sleep=lambda _: asyncio.sleep(0.001),
    ) as verifier:
        while not verifier.is_ready:
            await asyncio.sleep(0.001)
        assert verifier.staleness is not None
    assert caplog.text.count("revocations cannot be followed") == 2


def test_a_policy_of_ones_own() -> None:
    tried: list[str] = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        tried.append(request.headers["x-request-id"])
        raise httpx2.ConnectError("refused")

    policy = RetryPolicy(tries=5, base=1.0, cap=3.0)
    waits: list[float] = []
    with (
        AuthClient(
            "http://auth.test/prefix/",
            transport=httpx2.MockTransport(refuse),
            retry=policy,
            sleep=waits.append,
            draw=lambda: 1.0,
            request_id=lambda: "mine",
        ) as client,
        pytest.raises(errors.ConnectionFailedError) as raised,
    ):
        client.system.health()
    assert tried == ["mine"] * 5
    assert waits == [1.0, 2.0, 3.0, 3.0]
    assert raised.value.request_id == "mine"
