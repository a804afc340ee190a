"""A service that validates locally: keys that rotate, and revocations, at the real server."""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Depends, FastAPI

from conftest import PASSWORD
from ntt_auth_client import AsyncTokenVerifier, AuthClient, Principal, errors
from ntt_auth_client.integrations.fastapi import FastAPIAuth
from ntt_auth_client.testing import RealServer

ADA = "ada@example.com"


def signed_in(client: AuthClient, email: str = ADA) -> str:
    """Register somebody, if necessary, and return an access token."""
    with contextlib.suppress(errors.ValidationFailedError):
        client.auth.register(email=email, password=PASSWORD)
    return client.auth.login(email=email, password=PASSWORD).access_token


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_tokens_of_each_algorithm(algorithm: str) -> None:
    with RealServer(settings={"keys.algorithm": algorithm}) as server, server.client() as client:
        token = signed_in(client)
        with server.verifier(algorithms=[algorithm]) as verifier:
            principal = verifier.verify(token)
            assert principal.role == "user"
            assert principal.email == ADA
            assert principal.user_id == client.me.read().user_id
            verifier.require_permission(principal, "update_user")
            with pytest.raises(errors.ForbiddenError):
                verifier.require_permission(principal, "list_users")
            with pytest.raises(ValueError, match="no action"):
                verifier.require_permission(principal, "fly")
            with pytest.raises(errors.TokenInvalidError):
                verifier.verify(token[:-4] + "AAAA")
            server.advance("2 hours")
            with pytest.raises(errors.TokenExpiredError):
                verifier.verify(token)


def test_another_audience() -> None:
    settings = {"tokens.audience": "billing", "public_url": "http://auth.example.com"}
    with RealServer(settings=settings) as server, server.client() as client:
        token = signed_in(client)
        with server.verifier(issuer="http://auth.example.com", audience="billing") as verifier:
            assert verifier.verify(token).audience == "billing"
        for wrong in ({"audience": "billing"}, {"issuer": "http://auth.example.com"}):
            with server.verifier(**wrong) as verifier, pytest.raises(errors.TokenInvalidError):
                verifier.verify(token)


async def test_keys_rotate_every_minute_for_an_hour_under_load() -> None:
    failures: list[Exception] = []
    validated = 0
    with RealServer(settings={"database.url": "sqlite:data.db"}) as server, server.client() as client:
        tokens = [signed_in(client)]
        done = False

        async with server.async_verifier() as verifier:

            async def load() -> None:
                nonlocal validated
                while not done:
                    for token in tokens[-50:]:
                        try:
                            await verifier.verify(token)
                        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
                            failures.append(error)
                        validated += 1
                    # The server and the program that rotates are on the same machine.
                    await asyncio.sleep(0.001)

            loads = [asyncio.create_task(load()) for _ in range(2)]
            for minute in range(60):
                await asyncio.to_thread(server.advance, "1 minute")
                await asyncio.to_thread(server.command, "keys", "rotate", "--force")
                email = f"user{minute % 10}@example.com"
                tokens.append(await asyncio.to_thread(signed_in, client, email))
                goal = validated + len(tokens)
                while validated <= goal:
                    await asyncio.sleep(0.001)
            done = True
            await asyncio.gather(*loads)
        keys = len(client.system.jwks()["keys"])
    assert failures == []
    assert keys > 50
    assert validated > 5000


@pytest.fixture
async def service(ntt_fresh_server: RealServer) -> AsyncIterator[tuple[httpx2.AsyncClient, AsyncTokenVerifier]]:
    """Run a service that validates locally; give a client of it."""
    verifier = ntt_fresh_server.async_verifier()
    auth = FastAPIAuth(verifier)
    app = FastAPI()

    @app.get("/me")
    async def me(user: Annotated[Principal, Depends(auth.user)]) -> str:
        return str(user.user_id)

    async with verifier, httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://service") as client:
        yield client, verifier


async def test_a_revocation_is_honoured_within_a_second(
    ntt_fresh_server: RealServer, service: tuple[httpx2.AsyncClient, AsyncTokenVerifier]
) -> None:
    http, _ = service
    waits: list[float] = []
    with ntt_fresh_server.client() as client:
        for _ in range(100):
            token = await asyncio.to_thread(signed_in, client)
            headers = {"Authorization": f"Bearer {token}"}
            assert (await http.get("/me", headers=headers)).status_code == 200
            await asyncio.to_thread(client.auth.logout)
            ended = time.monotonic()
            while (await http.get("/me", headers=headers)).status_code == 200:
                assert time.monotonic() - ended < 5
                await asyncio.sleep(0.001)
            waits.append(time.monotonic() - ended)
    p99 = sorted(waits)[math.ceil(len(waits) * 0.99) - 1]
    assert p99 <= 1.0, waits


async def test_a_change_of_role_refuses_older_tokens(root: AuthClient, ntt_fresh_server: RealServer) -> None:
    with ntt_fresh_server.client() as client:
        token = signed_in(client)
        async with ntt_fresh_server.async_verifier(feed_transport="poll") as verifier:
            user = await verifier.verify(token)
            assert user.role == "user"
            await asyncio.to_thread(root.users.change_role, user.user_id, "moderator")
            while True:
                try:
                    await verifier.verify(token)
                    await asyncio.sleep(0.005)
                except errors.TokenRevokedError:
                    break
            # The session goes on: the client refreshes by itself.
            assert client.me.read().role == "moderator"
            assert (await verifier.verify(client.auth.refresh().access_token)).has_role("moderator")


def test_a_server_that_is_gone_is_noticed() -> None:
    with RealServer() as server, server.client() as client:
        token = signed_in(client)
        options: dict[str, Any] = {"staleness_clock": server.clock.monotonic}
        with server.verifier(**options) as verifier, server.verifier(on_stale="allow", **options) as generous:
            assert verifier.verify(token) == generous.verify(token)
            server.stop()
            assert verifier.verify(token).role == "user"
            server.clock.advance(31)
            with pytest.raises(errors.RevocationsStaleError):
                verifier.verify(token)
            assert generous.verify(token).role == "user"


def test_a_feed_token_that_is_wrong_accepts_nothing(ntt_fresh_server: RealServer) -> None:
    with ntt_fresh_server.client() as client:
        token = signed_in(client)
        wrong = ntt_fresh_server.verifier(feed_token="wrong-feed-token-0123456789-0123456789", start_up=0.2)
        with wrong as verifier, pytest.raises(errors.RevocationsStaleError):
            verifier.verify(token)
        assert not wrong.is_ready
