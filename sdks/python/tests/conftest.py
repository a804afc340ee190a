"""Fixtures of the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from ntt_auth_client import AuthClient
from ntt_auth_client.testing import RealServer, find_binary

PASSWORD = "Correct-Horse-7-Battery"
ROOT = "root@example.com"


@pytest.fixture(scope="session", autouse=True)
def _program() -> None:
    """Skip nothing where everything has to be there."""
    if os.environ.get("CI") == "true":
        assert find_binary() is not None, "name the program in NTT_AUTH_BIN"


@pytest.fixture
def root(ntt_fresh_server: RealServer) -> Iterator[AuthClient]:
    """Return a client that the first super administrator is signed in with."""
    with ntt_fresh_server.super_admin(ROOT, PASSWORD) as client:
        yield client
