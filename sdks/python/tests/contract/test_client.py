"""The client does what the contract says, blocking and in an event loop."""

from __future__ import annotations

from typing import Any

import pytest

from contract.names import cases, read, snake
from contract.replay import Replay
from ntt_auth_client import AsyncAuthClient, AuthClient, errors

FILES = ["operations", "errors", "retries", "refresh", "clock"]
CASES = [pytest.param(case, id=f"{name}: {case['name']}") for name in FILES for case in cases(name)]


@pytest.mark.parametrize("case", CASES)
def test_blocking(case: dict[str, Any]) -> None:
    Replay(case).blocking()


@pytest.mark.parametrize("case", CASES)
async def test_awaiting(case: dict[str, Any]) -> None:
    await Replay(case).awaiting()


@pytest.mark.parametrize("operation", read("operations")["operations"])
def test_every_operation_is_a_method_with_its_arguments(operation: str) -> None:
    import inspect  # noqa: PLC0415

    noun, verb = operation.split(".")
    row = read("operations")["operations"][operation]
    expected = [snake(name.rstrip("?")) for name in row["positional"]] + sorted(map(snake, row["options"]))
    for client in (AuthClient("http://auth.test"), AsyncAuthClient("http://auth.test")):
        parameters = inspect.signature(getattr(getattr(client, noun), verb)).parameters.values()
        positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        keywords = sorted(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        assert positional + keywords == expected


def test_every_class_of_errors_is_where_the_contract_says() -> None:
    contract = read("errors")
    for name, parent in contract["groups"].items():
        assert getattr(errors, name).__bases__[0].__name__ == parent
    for code, row in contract["codes"].items():
        kind = errors.CODES[code]
        assert kind.__name__ == row["class"]
        assert row["group"] in [base.__name__ for base in kind.__mro__]
        assert (kind.default_code, kind.default_title) == (code, row["title"])
    assert set(errors.CODES) == set(contract["codes"])
