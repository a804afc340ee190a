"""Fixtures for pytest.

| fixture | |
|---|---|
| `ntt_fake_server` | a `FakeServer` of the test's own |
| `ntt_fake_client`, `ntt_fake_async_client` | clients of it |
| `ntt_fake_verifier`, `ntt_fake_async_verifier` | verifiers of its tokens |
| `ntt_server` | a `RealServer` that the whole run shares; the test is skipped if there is no program |
| `ntt_fresh_server` | the same, which has forgotten everything |
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

# Imported by the fixtures, so that a run that uses none of them is not slowed down.
if TYPE_CHECKING:
    from ntt_auth_client.testing import (
        FakeAsyncAuthClient,
        FakeAsyncTokenVerifier,
        FakeAuthClient,
        FakeServer,
        FakeTokenVerifier,
        RealServer,
    )


@pytest.fixture
def ntt_fake_server() -> FakeServer:
    """Return a server in memory."""
    from ntt_auth_client.testing import FakeServer  # noqa: PLC0415

    return FakeServer()


@pytest.fixture
def ntt_fake_client(ntt_fake_server: FakeServer) -> Iterator[FakeAuthClient]:
    """Return a client of the server in memory."""
    from ntt_auth_client.testing import FakeAuthClient  # noqa: PLC0415

    with FakeAuthClient(ntt_fake_server) as client:
        yield client


@pytest.fixture
def ntt_fake_async_client(ntt_fake_server: FakeServer) -> FakeAsyncAuthClient:
    """Return a client of the server in memory, for an event loop. It need not be closed."""
    from ntt_auth_client.testing import FakeAsyncAuthClient  # noqa: PLC0415

    return FakeAsyncAuthClient(ntt_fake_server)


@pytest.fixture
def ntt_fake_verifier(ntt_fake_server: FakeServer) -> Iterator[FakeTokenVerifier]:
    """Return a verifier of the tokens of the server in memory."""
    from ntt_auth_client.testing import FakeTokenVerifier  # noqa: PLC0415

    with FakeTokenVerifier(ntt_fake_server) as verifier:
        yield verifier


@pytest.fixture
def ntt_fake_async_verifier(ntt_fake_server: FakeServer) -> FakeAsyncTokenVerifier:
    """Return a verifier of the tokens of the server in memory, for an event loop. It need not be closed."""
    from ntt_auth_client.testing import FakeAsyncTokenVerifier  # noqa: PLC0415

    return FakeAsyncTokenVerifier(ntt_fake_server)


@pytest.fixture(scope="session")
def ntt_server() -> Iterator[RealServer]:
    """Return a real server that the whole run shares."""
    from ntt_auth_client.testing import RealServer, find_binary  # noqa: PLC0415

    if find_binary() is None:
        pytest.skip("name the program in NTT_AUTH_BIN, or put ntt-auth on the path")
    with RealServer() as server:
        yield server


@pytest.fixture
def ntt_fresh_server(ntt_server: RealServer) -> RealServer:
    """Return the real server after it has forgotten everything."""
    ntt_server.reset()
    return ntt_server
