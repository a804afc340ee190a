"""Every operation, at the real server."""

from __future__ import annotations

import re

import pytest

from conftest import PASSWORD
from ntt_auth_client import AsyncAuthClient, AuthClient, errors
from ntt_auth_client.testing import RealServer

OTHER = "Another-Horse-8-Battery"
ADA = "ada@example.com"


def link(client: AuthClient, to: str, letter: str) -> str:
    """Return the token of the link in the newest mail."""
    client.testing.advance_clock("2 minutes")
    newest = client.testing.list_mail(to=to, letter=letter, limit=1).items[0]
    mail = client.testing.read_mail(newest.mail_id)
    assert newest.links[0] in mail.text
    return re.split("token=", newest.links[0])[1]


def test_a_person_from_sign_up_to_erasure(ntt_fresh_server: RealServer) -> None:
    with ntt_fresh_server.client() as client:
        policy = client.auth.password_policy()
        assert policy.min_length == 8
        assert client.auth.documents().items == []
        user = client.auth.register(email=ADA, password=PASSWORD, first_name="Ada", metadata={"plan": "free"})
        assert user is not None
        client.auth.resend_verification(ADA)
        client.auth.verify_email(link(client, ADA, "verify-email"))
        tokens = client.auth.login(email=ADA, password=PASSWORD, device_name="Ada's phone")
        assert tokens.user.user_id == user.user_id
        assert client.auth.validate().user_id == user.user_id
        assert client.auth.validate(tokens.access_token).role == "user"
        assert client.me.read().metadata == {"plan": "free"}
        changed = client.me.update(last_name="Lovelace", first_name=None, timezone="Europe/London")
        assert (changed.first_name, changed.last_name) == (None, "Lovelace")
        [session] = client.sessions.list().items
        assert session.current
        assert session.device_name == "Ada's phone"
        assert client.auth.refresh().session_id == session.session_id
        client.auth.change_password(current_password=PASSWORD, new_password=OTHER)
        client.auth.change_email(new_email="countess@example.com", current_password=OTHER)
        client.auth.confirm_email_change(link(client, "countess@example.com", "confirm-email-change"))
        assert client.me.read().email == "countess@example.com"
        client.auth.forgot_password("countess@example.com")
        client.auth.reset_password(token=link(client, "countess@example.com", "reset-password"), new_password=PASSWORD)
        with pytest.raises(errors.SessionExpiredError):
            client.me.read()
        client.auth.login(identifier="countess@example.com", password=PASSWORD)
        exported = client.me.export()
        assert exported.profile.email == "countess@example.com"
        assert client.me.list_consents().items == []
        client.me.erase(current_password=PASSWORD)
        with pytest.raises(errors.TokenMissingError):
            client.me.read()
        with pytest.raises(errors.InvalidCredentialsError):
            client.auth.login(email="countess@example.com", password=PASSWORD)


def test_consents() -> None:
    with RealServer(settings={"accounts.consents": "terms:2026-01"}) as server, server.client() as client:
        assert [one.document for one in client.auth.documents().items] == ["terms:2026-01"]
        with pytest.raises(errors.ValidationFailedError) as refused:
            client.auth.register(email=ADA, password=PASSWORD)
        assert refused.value.errors[0].field == "/consents"
        client.auth.register(email=ADA, password=PASSWORD, consents=["terms:2026-01"])
        client.auth.login(email=ADA, password=PASSWORD)
        [given] = client.me.list_consents().items
        assert given.withdrawn_at is None
        client.me.withdraw_consent("terms")
        assert client.me.give_consent("terms:2026-01").document == "terms:2026-01"
        client.me.delete()


def test_what_administrators_do(root: AuthClient, ntt_fresh_server: RealServer) -> None:
    grace = root.users.create(email="grace@example.com", password=PASSWORD, role="moderator", first_name="Grace")
    for index in range(5):
        root.users.create(email=f"user{index}@example.com", password=PASSWORD)
    assert [user.email for user in root.users.list(q="grace").items] == ["grace@example.com"]
    everybody = [user.user_id for user in root.users.iterate(limit=2, sort="createdAt")]
    assert len(everybody) == 7
    assert len(set(everybody)) == 7
    assert root.users.read(grace.user_id).role == "moderator"
    assert root.users.update(grace.user_id, last_name="Hopper").last_name == "Hopper"
    assert root.users.change_role(grace.user_id, "admin").role == "admin"
    with ntt_fresh_server.client() as other:
        other.auth.login(email="grace@example.com", password=PASSWORD)
        assert len(root.users.list_sessions(grace.user_id).items) == 1
        root.users.logout_all(grace.user_id)
        with pytest.raises(errors.SessionExpiredError):
            other.me.read()
    assert root.users.suspend(grace.user_id, reason="Spam.", until="2040-01-01T00:00:00Z").is_active is False
    assert root.users.reactivate(grace.user_id).is_active is True
    assert root.users.unlock(grace.user_id).user_id == grace.user_id
    root.users.reset_password(grace.user_id)
    root.users.resend_verification(grace.user_id)
    assert root.users.export(grace.user_id).profile.user_id == grace.user_id
    root.users.delete(grace.user_id)
    assert root.users.restore(grace.user_id).deleted_at is None
    outcome = root.users.bulk("suspend", [grace.user_id, "0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f"], reason="Spam.")
    assert (outcome.succeeded, outcome.failed) == (1, 1)
    assert outcome.results[1].code == "not_found"
    exported = b"".join(root.users.export_all())
    assert exported.count(b"\n") == 7
    report = root.users.import_users('{"email":"imported@example.com"}\n', format="jsonl", dry_run=True)
    assert (report.rows, report.added, report.dry_run) == (1, 1, True)
    root.users.erase(grace.user_id)
    with pytest.raises(errors.NotFoundError):
        root.users.read(grace.user_id)
    assert root.audit.list(kind="user_erased", limit=1).items
    assert sum(1 for _ in root.audit.iterate(limit=10)) > 10


def test_the_server_itself(root: AuthClient, ntt_fresh_server: RealServer) -> None:
    assert root.system.health().status == "ok"
    assert root.system.live().status == "ok"
    assert root.system.ready().status == "ok"
    assert root.system.detailed().components
    assert root.system.stats(days=3).accounts.total == 1
    assert root.system.jwks()["keys"]
    assert root.system.openapi()["info"]["title"] == "ntt-auth"
    root.users.create(email="grace@example.com")
    jobs = root.system.list_jobs(limit=5).items
    assert jobs
    with pytest.raises(errors.ConflictError):
        root.system.retry_job(jobs[0].job_id)
    root.system.remove_job(jobs[0].job_id)
    assert {row.action for row in root.auth.permissions().actions} > {"list_users", "change_role"}
    assert root.testing.clock().ahead_seconds == 0
    ntt_fresh_server.advance("1 hour", step="10 minutes")
    assert root.testing.clock().ahead_seconds == 3600
    root.testing.clear_mail()
    assert root.testing.list_mail().items == []
    with pytest.raises(errors.NttAuthError) as refused:
        root.system.backup()
    assert refused.value.request_id


def test_metrics() -> None:
    token = "Metrics-Token-0123456789-0123456789"
    with (
        RealServer(settings={"metrics.token": token}) as server,
        server.client(metrics_token=token) as client,
        server.client(metrics_token="another") as stranger,
    ):
        assert client.system.metrics().rstrip().endswith("# EOF")
        with pytest.raises(errors.AuthenticationError):
            stranger.system.metrics()


def test_revocations(root: AuthClient, ntt_fresh_server: RealServer) -> None:
    page = root.revocations.list()
    assert page.snapshot
    events = root.revocations.follow(after=page.next_cursor)
    assert next(events).event == "resume"
    assert next(events).event == "head"
    with ntt_fresh_server.client() as other:
        other.auth.register(email=ADA, password=PASSWORD)
        session = other.auth.login(email=ADA, password=PASSWORD).session_id
        other.auth.logout()
    told = next(event for event in events if event.event == "revocation")
    assert told.data["sessionId"] == str(session)
    events.close()
    after = root.revocations.list(after=page.next_cursor, wait=1)
    assert [entry.session_id for entry in after.entries] == [session]


async def test_the_same_in_an_event_loop(ntt_fresh_server: RealServer) -> None:
    async with ntt_fresh_server.async_client() as client:
        await client.auth.register(email=ADA, password=PASSWORD)
        tokens = await client.auth.login(email=ADA, password=PASSWORD)
        assert (await client.me.read()).user_id == tokens.user.user_id
        page = await client.revocations.list()
        events = client.revocations.follow(after=page.next_cursor)
        assert (await anext(events)).event == "resume"
        await client.auth.logout()
        async for event in events:
            if event.event == "revocation":
                assert event.data["sessionId"] == str(tokens.session_id)
                break
        await events.aclose()


async def test_errors_tell_what_to_do(ntt_server: RealServer) -> None:
    async with AsyncAuthClient(ntt_server.url) as client:
        with pytest.raises(errors.ValidationFailedError) as refused:
            await client.auth.register(email="no address", password="sesame")
    error = refused.value
    assert error.operation == "auth.register"
    assert {one.field for one in error.errors} >= {"/email", "/password"}
    assert error.request_id is not None
    assert error.request_id in str(error)
    assert "what to do" in str(error)
    assert "sesame" not in str(error)
