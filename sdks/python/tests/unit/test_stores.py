"""Where tokens are kept."""

from __future__ import annotations

import multiprocessing
import stat
import threading
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

import keyring
import keyring.backend
import pytest

from ntt_auth_client import (
    AsyncTokenStore,
    Credentials,
    FileTokenStore,
    KeyringTokenStore,
    MemoryTokenStore,
    SessionTokens,
    TokenStore,
)
from ntt_auth_client.testing import FakeAsyncAuthClient, FakeServer

SESSION = SessionTokens("access-secret", "refresh-secret", "s", "u", 1.0, 3600.0)
HELD = Credentials(SESSION, "device-secret")


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A keyring that keeps nothing."""

    priority = 1  # pyright: ignore[reportAssignmentType] - as the library's own back ends do

    def __init__(self) -> None:
        """Begin empty."""
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """Return what is held."""
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Hold it."""
        self.held[service, username] = password


@pytest.fixture(params=["memory", "file", "keyring"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenStore]:
    """Return an empty store of each kind."""
    monkeypatch.setenv("HOME", str(tmp_path))
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    stores: dict[str, TokenStore] = {
        "memory": MemoryTokenStore(),
        "file": FileTokenStore(tmp_path / "folder" / "tokens.json"),
        "keyring": KeyringTokenStore("ada"),
    }
    yield stores[request.param]
    keyring.set_keyring(before)


def test_what_is_kept_is_there_again(store: TokenStore) -> None:
    assert isinstance(store, TokenStore)
    assert store.load() == Credentials()
    store.save(HELD)
    assert store.load() == HELD
    store.save(Credentials(None, "device-secret"))
    assert store.load() == Credentials(None, "device-secret")


def test_one_at_a_time_holds_the_lock(store: TokenStore) -> None:
    release = store.try_lock()
    assert release is not None
    assert store.try_lock() is None
    other = threading.Thread(target=release)
    other.start()
    other.join()
    again = store.try_lock()
    assert again is not None
    again()


def test_nothing_shows_a_token(store: TokenStore) -> None:
    store.save(HELD)
    assert "secret" not in repr(store) + repr(HELD) + str(HELD) + repr(SESSION)


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    FileTokenStore(path).save(HELD)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    FileTokenStore(path).save(HELD)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["tokens.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"session": {"a": 1}, "device_token": null}', "null"])
def test_a_damaged_file_counts_as_empty(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(content)
    assert FileTokenStore(path).load() == Credentials()


def test_a_file_that_cannot_be_written_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileTokenStore(tmp_path / "tokens.json")
    store.save(HELD)

    def fail(_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="no space"):
        store.save(Credentials())
    assert store.load() == HELD
    assert [one.name for one in tmp_path.iterdir()] == ["tokens.json"]


def test_a_change_by_another_is_seen(tmp_path: Path) -> None:
    mine, others = FileTokenStore(tmp_path / "t"), FileTokenStore(tmp_path / "t")
    mine.save(HELD)
    assert mine.load() == HELD
    others.save(Credentials(None, "x"))
    assert mine.load() == Credentials(None, "x")


def hold(path: Path, held: Event, go: Event) -> None:
    """Hold the lock of a file until told to go, and end without giving it back."""
    assert FileTokenStore(path).try_lock() is not None
    held.set()
    go.wait()


def test_the_lock_falls_free_with_its_process(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    held, go = spawn.Event(), spawn.Event()
    process = spawn.Process(target=hold, args=(tmp_path / "t", held, go))
    process.start()
    held.wait()
    store = FileTokenStore(tmp_path / "t")
    assert store.try_lock() is None
    go.set()
    process.join()
    release = store.try_lock()
    assert release is not None
    release()


class Database:
    """A store of the application's own, for an event loop."""

    def __init__(self) -> None:
        """Begin empty."""
        self.held = Credentials()
        self.lock = threading.Lock()

    async def load_async(self) -> Credentials:
        """Return what is held."""
        return self.held

    async def save_async(self, credentials: Credentials) -> None:
        """Hold it."""
        self.held = credentials

    async def try_lock_async(self) -> Callable[[], None] | None:
        """Take the lock."""
        return self.lock.release if self.lock.acquire(blocking=False) else None


async def test_a_store_of_ones_own(ntt_fake_server: FakeServer) -> None:
    store = Database()
    assert isinstance(store, AsyncTokenStore)
    ntt_fake_server.add_user("ada@example.com", "secret")
    async with FakeAsyncAuthClient(ntt_fake_server, store=store) as client:
        tokens = await client.auth.login(email="ada@example.com", password="secret")
        assert store.held.session is not None
        assert store.held.session.access_token == tokens.access_token
        await client.auth.refresh()
        await client.auth.logout()
        assert store.held.session is None


async def test_a_file_in_an_event_loop(ntt_fake_server: FakeServer, tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path / "t")
    ntt_fake_server.add_user("ada@example.com", "secret")
    async with FakeAsyncAuthClient(ntt_fake_server, store=store) as client:
        await client.auth.login(email="ada@example.com", password="secret")
        await client.auth.refresh()
    async with FakeAsyncAuthClient(ntt_fake_server, store=store) as client:
        assert (await client.me.read()).email == "ada@example.com"
