"""Nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import PASSWORD
from ntt_auth_client import AsyncAuthClient, AuthClient, TokenVerifier, errors
from ntt_auth_client.testing import FakeAuthClient, FakeServer, FakeTokenVerifier, RealServer


def sockets() -> set[str]:
    """Return the sockets that this process has open."""
    found: set[str] = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except FileNotFoundError:
            continue
        if target.startswith("socket:"):
            found.add(target)
    return found


def settles(condition: Callable[[], bool]) -> bool:
    """Wait for a condition for a moment."""
    until = time.monotonic() + 5
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


def test_a_client_leaves_nothing(ntt_fresh_server: RealServer) -> None:
    before, threads = sockets(), set(threading.enumerate())
    for _ in range(10):
        with ntt_fresh_server.client() as client:
            client.system.health()
            events = client.revocations.follow()
            assert next(events).event == "snapshot"
            events.close()
    assert sockets() <= before
    assert set(threading.enumerate()) <= threads


def test_a_verifier_leaves_nothing(ntt_fresh_server: RealServer) -> None:
    with ntt_fresh_server.client() as client:
        client.auth.register(email="ada@example.com", password=PASSWORD)
        token = client.auth.login(email="ada@example.com", password=PASSWORD).access_token
    before, threads = sockets(), set(threading.enumerate())
    for _ in range(10):
        with ntt_fresh_server.verifier() as verifier:
            verifier.verify(token)
            # The thread, its loop's own pair of sockets, the stream, and the connection for keys.
            assert len(threading.enumerate()) == len(threads) + 1
        with pytest.raises(errors.ClientClosedError):
            verifier.verify(token)
        verifier.close()
    assert sockets() <= before
    assert set(threading.enumerate()) <= threads


async def test_in_an_event_loop(ntt_fresh_server: RealServer) -> None:
    async with ntt_fresh_server.async_client() as client:
        await client.auth.register(email="ada@example.com", password=PASSWORD)
        token = (await client.auth.login(email="ada@example.com", password=PASSWORD)).access_token
    before, tasks = sockets(), asyncio.all_tasks()
    for _ in range(10):
        async with ntt_fresh_server.async_client() as client, ntt_fresh_server.async_verifier() as verifier:
            await verifier.verify(token)
            events = client.revocations.follow()
            assert (await anext(events)).event == "snapshot"
            await events.aclose()
        with pytest.raises(errors.ClientClosedError):
            await client.system.health()
        with pytest.raises(errors.ClientClosedError):
            verifier.start()
    assert asyncio.all_tasks() <= tasks
    assert sockets() <= before


async def test_whoever_waits_may_be_cancelled(ntt_fake_server: FakeServer) -> None:
    ntt_fake_server.add_user("ada@example.com", "secret")
    told: list[str] = []
    reached, go = asyncio.Event(), asyncio.Event()

    class Slow(type(ntt_fake_server.transport)):  # type: ignore[misc]
        """Answers a refresh when it is told to."""

        async def handle_async_request(self, request):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
            """Wait, and answer."""
            if request.url.path.endswith("/refresh"):
                reached.set()
                await go.wait()
            return await super().handle_async_request(request)

    async with AsyncAuthClient("http://auth.fake", transport=Slow(ntt_fake_server)) as client:
        client.listen(told.append)
        await client.auth.login(email="ada@example.com", password="secret")
        impatient = asyncio.create_task(client.auth.refresh())
        await reached.wait()
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        go.set()
        # The refresh goes on without it, so that its answer is not lost; closing waits for it.
    assert told == ["signed_in", "refreshed"]


@pytest.mark.parametrize("event", ["refreshed", "session_expired", "signed_in", "signed_out"])
def test_a_listener_may_call_the_client(ntt_fake_server: FakeServer, event: str) -> None:
    ada = ntt_fake_server.add_user("ada@example.com", "secret")
    told: list[str] = []
    with FakeAuthClient(ntt_fake_server) as client:

        def listener(one: str) -> None:
            told.append(one)
            if one == event and told.count(one) == 1:
                client.auth.login(email="ada@example.com", password="secret")
                client.auth.refresh()

        client.listen(listener)
        client.auth.login(email="ada@example.com", password="secret")
        client.auth.refresh()
        ntt_fake_server.end_sessions(ada)
        try:
            client.auth.refresh()
        except errors.SessionExpiredError:
            client.auth.login(email="ada@example.com", password="secret")
        client.auth.logout()
    assert event in told


def test_a_listener_that_fails_concerns_nobody(ntt_fake_server: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    ntt_fake_server.add_user("ada@example.com", "secret")
    told: list[str] = []

    def fail(_: str) -> None:
        raise LookupError("of the listener's own")

    with FakeAuthClient(ntt_fake_server) as client:
        end = client.listen(fail)
        client.listen(told.append)
        client.auth.login(email="ada@example.com", password="secret")
        end()
        end()
        client.auth.logout()
    assert told == ["signed_in", "signed_out"]
    assert caplog.text.count("a listener failed at signed_in") == 1


def test_a_client_that_is_closed() -> None:
    client = AuthClient("http://127.0.0.1:9")
    client.close()
    client.close()
    with pytest.raises(errors.ClientClosedError):
        client.system.health()


def test_nobody_is_reminded_to_close(ntt_fake_server: FakeServer) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FakeTokenVerifier(ntt_fake_server)
        AuthClient("http://auth.fake")
        AsyncAuthClient("http://auth.fake")
        gc.collect()


def verify_in_child(verifier: TokenVerifier, token: str, answers: multiprocessing.Queue[str]) -> None:
    """Verify a token in a forked process."""
    answers.put(verifier.verify(token).role)
    verifier.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_follows_by_itself(ntt_fresh_server: RealServer) -> None:
    with ntt_fresh_server.client() as client:
        client.auth.register(email="ada@example.com", password=PASSWORD)
        token = client.auth.login(email="ada@example.com", password=PASSWORD).access_token
    with ntt_fresh_server.verifier() as verifier:
        assert verifier.verify(token).role == "user"
        fork = multiprocessing.get_context("fork")
        answers: multiprocessing.Queue[str] = fork.Queue()
        child = fork.Process(target=verify_in_child, args=(verifier, token, answers))
        child.start()
        assert answers.get(timeout=20) == "user"
        child.join(20)
        assert child.exitcode == 0
        assert verifier.verify(token).role == "user"


def test_threads_that_come_and_go(ntt_fake_verifier: FakeTokenVerifier, ntt_fake_server: FakeServer) -> None:
    tokens = [ntt_fake_server.token_for(ntt_fake_server.add_user(f"user{index}@example.com")) for index in range(20)]
    before = len(threading.enumerate())
    workers = [threading.Thread(target=ntt_fake_verifier.verify, args=(token,)) for token in tokens * 5]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert settles(lambda: len(threading.enumerate()) == before)
    assert ntt_fake_server.requests.count("GET /.well-known/jwks.json") == 1
