"""Every token of the contract is judged as it says, attacks included."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from clock import ManualClock
from contract.names import is_within, plain, read
from ntt_auth_client import AsyncTokenVerifier, MemoryTokenStore, Principal, TokenVerifier, errors
from ntt_auth_client._core.retry import RetryPolicy
from ntt_auth_client._core.settings import Context, Settings
from ntt_auth_client._drivers.blocking import BlockingDriver
from ntt_auth_client.verification.claims import Expected
from ntt_auth_client.verification.judge import Judge
from ntt_auth_client.verification.revocations import Revocations

FILE = read("jws")
CASES = [pytest.param(case, id=case["name"]) for case in FILE["cases"]]


def shown(principal: Principal) -> dict[str, Any]:
    """Return a principal as the contract writes it."""
    return {
        "userId": plain(principal.user_id),
        "sessionId": plain(principal.session_id),
        "role": principal.role,
        "scope": principal.scope,
        "audience": principal.audience,
        "expiresAt": int(principal.expires_at.timestamp()),
        "version": principal.version,
        "claims": dict(principal.claims),
    }


def judge_of(case: dict[str, Any], clock: ManualClock) -> tuple[Judge, BlockingDriver]:
    """Return a judge who knows what the case says, and who performs what it asks."""
    keys = FILE["keySets"][case.get("keySet", "default")]
    context = Context.of(Settings(FILE["issuer"], retry=RetryPolicy(tries=1), clock=clock))
    revocations = Revocations(clock)
    for entry in case.get("revocations", []):
        revocations.add(entry)
    if not case.get("stale", False):
        revocations.head(0)
    audience, leeway = case.get("audience", FILE["audience"]), case.get("leeway", FILE["leeway"])
    judge = Judge(
        context,
        expected=Expected(FILE["issuer"], audience, leeway),
        algorithms=frozenset(case.get("algorithms", FILE["algorithms"])),
        revocations=revocations,
        staleness_limit=30.0,
        on_stale="refuse",
        remember=16,
    )
    http = httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, json=keys)))
    return judge, BlockingDriver(http, FILE["issuer"], MemoryTokenStore(), clock.sleep)


@pytest.mark.parametrize("case", CASES)
def test_a_token_is_judged(case: dict[str, Any]) -> None:
    judge, driver = judge_of(case, ManualClock(case.get("now", FILE["now"])))
    expected = case["expect"]
    # The second time it may be remembered, and the verdict is the same.
    for _ in range(2):
        if "error" in expected:
            with pytest.raises(errors.CODES[expected["error"]]) as raised:
                driver.run(judge.judge(case["token"]))
            assert len(case["token"]) < 20 or case["token"] not in str(raised.value)
        else:
            principal = driver.run(judge.judge(case["token"]))
            assert is_within(expected["principal"], shown(principal))
            remembered = judge.at_once(case["token"])
            assert remembered is not None
            assert remembered.user_id == principal.user_id
    driver.close()


@pytest.mark.parametrize("algorithm", FILE["refusedAlgorithms"])
def test_other_algorithms_are_refused_at_once(algorithm: str) -> None:
    for kind in (TokenVerifier, AsyncTokenVerifier):
        with pytest.raises(ValueError, match="algorithms"):
            kind("http://auth.test", algorithms=["ES256", algorithm])
        with pytest.raises(ValueError, match="algorithms"):
            kind("http://auth.test", algorithms=[])
