"""Nobody honest is signed out, and no stolen token is of use: 24 virtual hours, with lost answers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import PASSWORD
from faults import Losses, LossyAsyncTransport, LossyTransport
from ntt_auth_client import AsyncAuthClient, AuthClient, FileTokenStore, NetworkError, SessionExpiredError, errors
from ntt_auth_client.testing import RealServer

ADA = "ada@example.com"
HOURS = 24
# Two of these outlive an access token.
STEP = "31 minutes"
STEPS = 47
MANY = 50
PERSISTENT = 40


def sleep_not(_: float) -> None:
    """Do not wait: it is the order of things that counts."""


async def pause(_: float) -> None:
    """Do not wait, but let others have their turn."""
    await asyncio.sleep(0)


async def read_me(client: AsyncAuthClient) -> None:
    """Call, and call again when the network fails, as an application does."""
    for _ in range(PERSISTENT):
        try:
            await client.me.read()
        except NetworkError:
            continue
        return
    raise AssertionError("the network never worked")


def read_me_blocking(client: AuthClient) -> None:
    """Call, and call again when the network fails, as an application does."""
    for _ in range(PERSISTENT):
        try:
            client.me.read()
        except NetworkError:
            continue
        return
    raise AssertionError("the network never worked")


async def test_fifty_tasks_of_one_client(ntt_fresh_server: RealServer) -> None:
    server, losses, told = ntt_fresh_server, Losses(1), list[str]()
    async with server.async_client(transport=LossyAsyncTransport(losses), sleep=pause) as client:
        client.listen(told.append)
        await client.auth.register(email=ADA, password=PASSWORD)
        await client.auth.login(email=ADA, password=PASSWORD)
        for _ in range(STEPS):
            await asyncio.to_thread(server.advance, STEP)
            await asyncio.gather(*(read_me(client) for _ in range(MANY)))
    assert "session_expired" not in told
    # One refresh for all fifty, each time that the token was about to expire.
    assert HOURS // 2 <= told.count("refreshed") <= STEPS
    assert losses.lost >= 4


def test_fifty_threads_of_one_client(ntt_fresh_server: RealServer) -> None:
    server, losses, told = ntt_fresh_server, Losses(2), list[str]()
    with (
        server.client(transport=LossyTransport(losses), sleep=sleep_not) as client,
        ThreadPoolExecutor(MANY) as threads,
    ):
        client.listen(told.append)
        client.auth.register(email=ADA, password=PASSWORD)
        client.auth.login(email=ADA, password=PASSWORD)
        for _ in range(STEPS):
            server.advance(STEP)
            list(threads.map(read_me_blocking, [client] * MANY))
    assert "session_expired" not in told
    assert HOURS // 2 <= told.count("refreshed") <= STEPS
    assert losses.lost >= 4


def test_fifty_clients_that_share_a_file(ntt_fresh_server: RealServer, tmp_path: Path) -> None:
    server, losses, told = ntt_fresh_server, Losses(3), list[str]()
    never = threading.Event()

    def pause_briefly(_: float) -> None:
        never.wait(0.002)

    clients = [
        server.client(
            store=FileTokenStore(tmp_path / "tokens.json"),
            transport=LossyTransport(losses),
            # The lock is held by another: let that one go on.
            sleep=pause_briefly,
        )
        for _ in range(MANY)
    ]
    clients[0].auth.register(email=ADA, password=PASSWORD)
    clients[0].auth.login(email=ADA, password=PASSWORD)
    for client in clients:
        client.listen(told.append)
    with ThreadPoolExecutor(MANY) as threads:
        for _ in range(STEPS):
            server.advance(STEP)
            list(threads.map(read_me_blocking, clients))
    for client in clients:
        client.close()
    assert "session_expired" not in told
    assert HOURS // 2 <= told.count("refreshed") <= STEPS


PROCESS = """
import sys
from ntt_auth_client import AuthClient, FileTokenStore
with AuthClient(sys.argv[1], store=FileTokenStore(sys.argv[2])) as client:
    for line in sys.stdin:
        print(client.me.read().email, flush=True)
"""


def test_processes_that_share_a_file(ntt_fresh_server: RealServer, tmp_path: Path) -> None:
    # Their clocks do not follow the server's: the server's Date tells them.
    path = tmp_path / "tokens.json"
    with ntt_fresh_server.client(store=FileTokenStore(path)) as client:
        client.auth.register(email=ADA, password=PASSWORD)
        session = client.auth.login(email=ADA, password=PASSWORD).session_id
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", PROCESS, ntt_fresh_server.url, path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                bufsize=1,
            )
            for _ in range(4)
        ]
        for _ in range(6):
            for process in processes:
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
            for process in processes:
                assert process.stdout is not None
                assert process.stdout.readline().strip() == ADA
            ntt_fresh_server.advance("59 minutes")
        for process in processes:
            process.communicate()
            assert process.returncode == 0
        assert client.auth.validate().session_id == session
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("is_first", [True, False], ids=["used before its owner", "used after its owner"])
def test_a_stolen_token_is_caught_every_time(ntt_fresh_server: RealServer, tmp_path: Path, is_first: bool) -> None:
    server = ntt_fresh_server
    with server.client() as registering:
        registering.auth.register(email=ADA, password=PASSWORD)
    for attempt in range(20):
        store = FileTokenStore(tmp_path / f"{attempt}.json")
        stolen = FileTokenStore(tmp_path / f"{attempt}-stolen.json")
        told: list[str] = []
        with (
            server.client(store=store) as owner,
            server.client(store=stolen, user_agent="a thief") as thief,
        ):
            owner.listen(told.append)
            owner.auth.login(email=ADA, password=PASSWORD)
            stolen.save(store.load())
            first, second = (thief, owner) if is_first else (owner, thief)
            first.auth.refresh()
            with pytest.raises(errors.RefreshTokenReusedError):
                second.auth.refresh()
            # Nothing of the session is left to either.
            for one in (first, second):
                with pytest.raises((SessionExpiredError, errors.TokenMissingError)):
                    one.me.read()
            assert "session_expired" in told
