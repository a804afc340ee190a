"""Measure what local validation costs, and how many bare checks of a signature that is, in the same run.

Fails if a remembered token takes more than a millisecond at p99, if a new one takes more than twice the bare check at
the median, or if anything is asked of the server in between.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from functools import partial

import jwt
from jwt.utils import base64url_decode

from ntt_auth_client.blocking_verifier import TokenVerifier
from ntt_auth_client.testing import FakeServer

ROUNDS = 2_000
WARM_UP = 200
P99_LIMIT = 0.001
RATIO_LIMIT = 2.0


def timed(call: Callable[[], object]) -> float:
    """Return how long a call takes, in seconds."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def p(took: list[float], percent: float) -> float:
    """Return a percentile."""
    return took[math.ceil(len(took) * percent / 100) - 1]


def told(name: str, took: list[float], bare: float) -> str:
    """Return a line of the table."""
    median = p(took, 50)
    return f"{name:<24} {median * 1e6:10.1f} {p(took, 99) * 1e6:10.1f} {median / bare:8.2f}"


def main() -> int:
    """Measure, print, and judge."""
    server = FakeServer()
    ada = server.add_user("ada@example.com")
    session = server.open_session(str(ada))
    tokens = [server.signed(session) for _ in range(ROUNDS + WARM_UP)]
    key = jwt.PyJWK(server.jwks()["keys"][0])
    parts = [token.rsplit(".", 1) for token in tokens]
    inputs = [(head.encode(), base64url_decode(signature)) for head, signature in parts]
    bare, new, remembered = list[float](), list[float](), list[float]()
    with TokenVerifier(server.url, transport=server.transport, remember=ROUNDS * 2) as verifier:
        verifier.verify(server.signed(session))
        before = len(server.requests)
        # One after the other for each token, so that a busy machine concerns all three alike.
        for token, (signing_input, signature) in zip(tokens, inputs, strict=True):
            bare.append(timed(partial(key.Algorithm.verify, signing_input, key.key, signature)))
            new.append(timed(partial(verifier.verify, token)))
            remembered.append(timed(partial(verifier.verify, token)))
        asked = len(server.requests) - before
    bare, new, remembered = (sorted(took[WARM_UP:]) for took in (bare, new, remembered))
    reference = p(bare, 50)
    lines = [
        f"{'ES256':<24} {'p50 µs':>10} {'p99 µs':>10} {'ratio':>8}",
        told("bare check", bare, reference),
        told("a new token", new, reference),
        told("a remembered token", remembered, reference),
        f"requests: {asked}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    is_good = p(remembered, 99) <= P99_LIMIT and p(new, 50) <= RATIO_LIMIT * reference and asked == 0
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
