"""Testing what is built on this package: a server in memory, and the real one with a clock that tests move.

The fixtures of `ntt_auth_client.testing.plugin` are there in every run of pytest where this package is installed.
"""

from ntt_auth_client.testing.fake_problem import FakeProblemError
from ntt_auth_client.testing.fake_server import FakeServer
from ntt_auth_client.testing.fakes import FakeAsyncAuthClient, FakeAsyncTokenVerifier, FakeAuthClient, FakeTokenVerifier
from ntt_auth_client.testing.real_server import RealServer, find_binary
from ntt_auth_client.testing.virtual_clock import VirtualClock

__all__ = [
    "FakeAsyncAuthClient",
    "FakeAsyncTokenVerifier",
    "FakeAuthClient",
    "FakeProblemError",
    "FakeServer",
    "FakeTokenVerifier",
    "RealServer",
    "VirtualClock",
    "find_binary",
]
