"""The server in memory behaves as the real one, as far as it goes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from clock import ManualClock
from ntt_auth_client import AuthClient, errors
from ntt_auth_client.testing import (
    FakeAsyncAuthClient,
    FakeAsyncTokenVerifier,
    FakeAuthClient,
    FakeServer,
    FakeTokenVerifier,
    RealServer,
)

ADA = "ada@example.com"
PASSWORD = "Correct-Horse-7-Battery"


def a_story(person: AuthClient, admin: AuthClient) -> list[object]:
    """Do the same at any server; return what can be compared."""
    seen: list[object] = []
    user = person.auth.register(email=ADA, password=PASSWORD, first_name="Ada", metadata={"plan": "free"})
    assert user is not None
    seen += [user.email, user.role, user.is_active, user.metadata]
    for refused in (
        lambda: person.auth.register(email=ADA, password=PASSWORD),
        lambda: person.auth.login(email=ADA, password="wrong"),
        person.me.read,
        person.users.list,
        lambda: person.auth.validate("a.b.c"),
    ):
        with pytest.raises(errors.NttAuthError) as raised:
            refused()
        seen += [type(raised.value), raised.value.code, raised.value.status, [one.field for one in raised.value.errors]]
    tokens = person.auth.login(email=ADA, password=PASSWORD, device_name="phone")
    seen += [tokens.expires_in, tokens.token_type, tokens.user.email]
    seen += [person.me.update(last_name="Lovelace", first_name=None).last_name, person.me.read().first_name]
    seen += [[one.device_name for one in person.sessions.list().items], person.auth.validate().role]
    seen += [person.auth.refresh().session_id == tokens.session_id]
    with pytest.raises(errors.ForbiddenError) as forbidden:
        person.users.list()
    seen += [forbidden.value.code]
    with pytest.raises(errors.ValidationFailedError) as wrong:
        person.auth.change_password(current_password="wrong", new_password="Another-Horse-8-Battery")
    seen += [wrong.value.errors[0].field]
    person.auth.change_password(current_password=PASSWORD, new_password="Another-Horse-8-Battery")
    return seen + what_administrators_do(person, admin, user.user_id)


def what_administrators_do(person: AuthClient, admin: AuthClient, user_id: UUID) -> list[object]:
    """Do the rest of it; return what can be compared."""
    seen: list[object] = [admin.users.change_role(user_id, "moderator").role, person.me.read().role]
    seen += [person.users.list(limit=1).next_cursor is not None, len(list(person.users.iterate(limit=1)))]
    made = admin.users.create(email="grace@example.com", password=PASSWORD, role="admin", first_name="Grace")
    seen += [made.role, admin.users.read(made.user_id).first_name, admin.users.update(made.user_id, locale="en").locale]
    seen += [len(admin.users.list(role="admin").items), admin.users.unlock(made.user_id).is_active]
    admin.users.delete(made.user_id)
    seen += [admin.users.suspend(user_id).is_active]
    with pytest.raises(errors.SessionExpiredError):
        person.me.read()
    seen += [admin.users.reactivate(user_id).is_active]
    person.auth.login(email=ADA, password="Another-Horse-8-Battery")
    seen += [len(admin.users.list_sessions(user_id).items)]
    person.sessions.end(person.sessions.list().items[0].session_id)
    with pytest.raises(errors.SessionExpiredError):
        person.me.read()
    person.auth.login(email=ADA, password="Another-Horse-8-Battery")
    admin.users.logout_all(user_id)
    with pytest.raises(errors.SessionExpiredError):
        person.me.read()
    person.auth.login(email=ADA, password="Another-Horse-8-Battery")
    person.auth.logout_all()
    person.auth.logout()
    person.auth.forgot_password(ADA)
    person.auth.resend_verification(ADA)
    person.auth.login(email=ADA, password="Another-Horse-8-Battery")
    seen += [person.auth.documents().items, person.me.list_consents().items, person.system.ready().status]
    person.auth.change_email(new_email="other@example.com", current_password="Another-Horse-8-Battery")
    person.me.delete()
    with pytest.raises(errors.InvalidCredentialsError):
        person.auth.login(email=ADA, password="Another-Horse-8-Battery")
    with pytest.raises(errors.NotFoundError):
        admin.users.read("0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f")
    return seen


def test_the_same_story_at_both(ntt_fresh_server: RealServer, ntt_fake_server: FakeServer) -> None:
    ntt_fake_server.add_user("root@example.com", PASSWORD, role="super_admin")
    with (
        ntt_fresh_server.super_admin("root@example.com", PASSWORD) as root,
        ntt_fresh_server.client() as person,
        FakeAuthClient(ntt_fake_server) as fake_root,
        FakeAuthClient(ntt_fake_server) as fake_person,
    ):
        fake_root.auth.login(email="root@example.com", password=PASSWORD)
        assert a_story(fake_person, fake_root) == a_story(person, root)


def test_failures_on_demand() -> None:
    with FakeAuthClient() as client:
        client.server.add_user(ADA, PASSWORD)
        client.auth.login(email=ADA, password=PASSWORD)
        client.server.fail("connect", times=3)
        with pytest.raises(errors.ConnectionFailedError):
            client.me.read()
        client.server.fail("rate_limited", retry_after=3600)
        with pytest.raises(errors.RateLimitedError) as limited:
            client.me.read()
        assert limited.value.retry_after == 3600
        # A refresh whose answer is lost gives the same successor again.
        client.server.fail("lost_answer", times=2)
        client.auth.refresh()
        assert client.server.requests[-3:] == ["POST /api/v1/auth/refresh"] * 3
        assert client.me.read().email == ADA
        client.server.fail("no_such_code")
        with pytest.raises(errors.InvalidRequestError):
            client.auth.password_policy()
        with pytest.raises(errors.NotFoundError, match="does not know"):
            client.system.stats()


def test_time() -> None:
    server = FakeServer(clock=ManualClock())
    clock = server.clock
    assert isinstance(clock, ManualClock)
    server.add_user(ADA, PASSWORD)
    with FakeAuthClient(server) as client, FakeTokenVerifier(server) as verifier:
        token = client.auth.login(email=ADA, password=PASSWORD).access_token
        clock.advance(3700)
        with pytest.raises(errors.TokenExpiredError):
            verifier.verify(token)
        with pytest.raises(errors.TokenExpiredError):
            client.auth.validate(token)
        assert client.me.read().email == ADA
        clock.advance(700_000)
        with pytest.raises(errors.RefreshTokenExpiredError):
            client.me.read()


def test_a_token_for_services_of_ones_own() -> None:
    server = FakeServer(clock=ManualClock())
    assert isinstance(server.clock, ManualClock)
    server.add_user(ADA, PASSWORD)
    with FakeAuthClient(server) as client, FakeTokenVerifier(server) as verifier:
        with pytest.raises(errors.TokenMissingError) as missing:
            client.session.access_token()
        assert missing.value.operation == "session.access_token"
        first = client.auth.login(email=ADA, password=PASSWORD).access_token
        assert client.session.access_token() == first
        server.clock.advance(3550)
        second = client.session.access_token()
        assert second != first
        assert verifier.verify(second).email == ADA


async def test_in_an_event_loop() -> None:
    async with FakeAsyncAuthClient() as client, FakeAsyncTokenVerifier(client.server) as verifier:
        ada = client.server.add_user(ADA, PASSWORD)
        client.server.fail("connect")
        await client.auth.login(email=ADA, password=PASSWORD)
        token = client.server.token_for(ada, scope="account billing")
        principal = await verifier.verify(token)
        assert principal.has_scope("billing")
        principal.require_scope("billing")
        client.server.end_sessions(ada)
        with pytest.raises(errors.TokenRevokedError):
            await verifier.verify(token)


def test_the_fixtures_are_a_plugin(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "async def test_async(ntt_fake_async_client, ntt_fake_async_verifier): pass\n"
        "def test_blocking(ntt_fake_client, ntt_fake_verifier, ntt_server): pass\n"
    )
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": "/nowhere"},
    )
    assert re.search(r"1 passed, 1 skipped", run.stdout), run.stdout


def test_a_server_that_does_not_start() -> None:
    with pytest.raises(RuntimeError, match=r"keys\.algorithm"):
        RealServer(settings={"keys.algorithm": "none"})
    with pytest.raises(FileNotFoundError):
        RealServer(binary="/no/such/program")


def test_a_command_that_fails(ntt_server: RealServer) -> None:
    with pytest.raises(RuntimeError):
        ntt_server.command("no-such-command")
    assert "ready on" in ntt_server.output
    assert "http://" in repr(ntt_server)
    with pytest.raises(RuntimeError, match="refused"):
        ntt_server.super_admin("x", "y")
