"""No secret is shown, by whatever way."""

from __future__ import annotations

import asyncio
import copy
import logging
import pickle
import time
import traceback
from typing import Any

import pytest

from ntt_auth_client import AsyncAuthClient, AuthClient, AuthenticationError, TokenVerifier, errors
from ntt_auth_client._core.http import Answer, Request
from ntt_auth_client._core.settings import Settings
from ntt_auth_client.models import OutboxMail, TestReset, Tokens
from ntt_auth_client.testing import FakeAsyncTokenVerifier, FakeAuthClient, FakeServer, RealServer

PASSWORD = "Secret-Password-1"


def test_logs(ntt_fake_server: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ntt_fake_server.add_user("ada@example.com", PASSWORD)
    with FakeAuthClient(ntt_fake_server, feed_token="secret-feed-token") as client:
        first = client.auth.login(email="ada@example.com", password=PASSWORD)
        second = client.auth.refresh()
        client.me.read()
        client.auth.validate(first.access_token)
        ntt_fake_server.fail("timeout", times=3)
        with pytest.raises(errors.TimedOutError):
            client.me.read()
        client.auth.logout()
    assert "auth.login: POST /api/v1/auth/login: 200" in caplog.text
    for tokens in (first, second):
        for secret in (tokens.access_token, tokens.refresh_token, tokens.device_token):
            assert secret is None or secret not in caplog.text
    assert PASSWORD not in caplog.text
    assert "secret-feed-token" not in caplog.text


def test_a_feed_that_is_refused_is_told_once(caplog: pytest.LogCaptureFixture, ntt_server: RealServer) -> None:
    wrong = "wrong-secret-feed-token-0123456789-0123"
    with ntt_server.verifier(feed_token=wrong, start_up=0, sleep=pause) as verifier:
        while "TokenInvalidError" not in caplog.text:
            time.sleep(0.005)
        assert not verifier.is_ready
    assert caplog.text.count("revocations cannot be followed") == 1
    assert wrong not in caplog.text


async def pause(_: float) -> None:
    """Let others have their turn."""
    await asyncio.sleep(0.001)


def test_representations(ntt_fake_server: FakeServer) -> None:
    ntt_fake_server.add_user("ada@example.com", PASSWORD)
    options: dict[str, Any] = {"feed_token": "secret-feed", "metrics_token": "secret-metrics"}
    with FakeAuthClient(ntt_fake_server, **options) as client:
        tokens = client.auth.login(email="ada@example.com", password=PASSWORD)
        shown = [repr(tokens), str(tokens), f"{tokens}", repr(client), str(client.__class__)]
    assert isinstance(tokens, Tokens)
    verifier = TokenVerifier("http://auth.fake", feed_token="secret-feed")
    shown += [repr(verifier), repr(AsyncAuthClient("http://auth.fake", **options)), repr(AuthClient("http://x"))]
    shown += [repr(FakeAsyncTokenVerifier(ntt_fake_server, feed_token="secret-feed"))]
    shown += [repr(Settings("http://auth.fake", feed_token="secret-feed", metrics_token="secret-metrics"))]
    shown += [repr(Request("POST", "/x", headers={"a": "secret"}, content=b"secret"))]
    shown += [repr(Answer(200, {"a": "secret"}, b"secret"))]
    shown += [repr(TestReset(setup_url="http://x/setup?token=secret"))]
    mail: dict[str, Any] = {
        "html": "secret",
        "text": "secret",
        "links": ["secret"],
        "letter": "l",
        "locale": "en",
        "subject": "s",
    }
    shown += [repr(OutboxMail.model_construct(**mail))]
    for text in shown:
        assert "secret" not in text
        assert tokens.access_token not in text
        assert (tokens.refresh_token or "?") not in text
    assert "***" in repr(tokens)


def test_an_answer_of_another_form(ntt_fake_server: FakeServer) -> None:
    ntt_fake_server.add_user("ada@example.com", PASSWORD, role="user")
    next(iter(ntt_fake_server.accounts.values())).user["createdAt"] = "secret-time"
    with FakeAuthClient(ntt_fake_server) as client, pytest.raises(errors.UnexpectedAnswerError) as raised:
        client.auth.login(email="ada@example.com", password=PASSWORD)
    told = "".join(traceback.format_exception(raised.value))
    assert "user.createdAt" in told
    assert "secret-time" not in told
    assert "ntt_rt_" not in told


def test_an_error_goes_to_another_process() -> None:
    field = errors.FieldError("/email", "taken", "It is taken.")
    error = errors.ValidationFailedError("No.", operation="auth.register", status=422, request_id="r", errors=(field,))
    for same in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - of our own
        assert type(same) is errors.ValidationFailedError
        assert str(same) == str(error)
        assert same.errors == (field,)
    assert str(error) == (
        "auth.register: validation_failed (422): No.\n  /email: It is taken. [taken]\n  request id: r\n"
        "  what to do: Correct what `errors` names and send it again."
    )
    assert str(AuthenticationError()).startswith("AuthenticationError: Authentication is needed")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "auth.example.com",
        "ftp://x",
        "http://",
        "http://ada:secret@x",
        "http://x?token=secret",
        "http://x#f",
        "http://x:port",
    ],
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="address") as raised:
        AuthClient(url)
    assert "secret" not in str(raised.value)
