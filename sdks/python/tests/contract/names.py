"""Names of the contract, which are those of the API, and Python's."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from pydantic import BaseModel

from ntt_auth_client import Credentials, RevocationEvent, SessionTokens

FOLDER = Path(__file__).resolve().parents[3] / "contract"


def read(name: str) -> dict[str, Any]:
    """Return one file of the contract."""
    value: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return value


def cases(name: str) -> list[dict[str, Any]]:
    """Return the cases of a file that are for Python."""
    found: list[dict[str, Any]] = read(name)["cases"]
    return [case for case in found if "python" in case.get("only", ["python"])]


def snake(name: str) -> str:
    """Return a name of the API in snake_case."""
    return re.sub(r"(?<=.)([A-Z])", r"_\1", name).lower()


def camel(name: str) -> str:
    """Return a name of Python in camelCase."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def seconds(time: str) -> float:
    """Return a time in seconds since 1970."""
    return datetime.fromisoformat(time).timestamp()


def plain(value: object) -> Any:  # noqa: ANN401 - JSON
    """Return a result in the names of the API."""
    if isinstance(value, BaseModel):
        return json.loads(value.model_dump_json(by_alias=True, exclude_unset=True))
    if isinstance(value, RevocationEvent):
        return {"event": value.event, "id": value.id, "data": value.data}
    if isinstance(value, list):
        return [plain(item) for item in cast("list[object]", value)]
    if isinstance(value, UUID):
        return str(value)
    return value


def is_within(expected: object, found: object) -> bool:
    """Whether a value has the members that are expected; times may be written differently."""
    if isinstance(expected, dict):
        wanted, held = cast("dict[str, object]", expected), cast("dict[str, object]", found)
        return isinstance(found, dict) and all(
            name in held and is_within(value, held[name]) for name, value in wanted.items()
        )
    if isinstance(expected, list):
        rows, others = cast("list[object]", expected), cast("list[object]", found)
        return isinstance(found, list) and len(rows) == len(others) and all(map(is_within, rows, others))
    if isinstance(expected, str) and isinstance(found, str) and expected != found:
        try:
            return seconds(expected) == seconds(found)
        except ValueError:
            return False
    return expected == found


def stored(signed_in: dict[str, Any] | None, now: float) -> Credentials:
    """Return what the store holds after a sign-in by this answer."""
    if signed_in is None:
        return Credentials()
    tokens = read("operations")["samples"]["tokens"] | signed_in
    return Credentials(
        SessionTokens(
            access_token=tokens["accessToken"],
            refresh_token=tokens["refreshToken"],
            session_id=tokens["sessionId"],
            user_id=tokens["user"]["userId"],
            expires_at=now + tokens["expiresIn"],
            lifetime=tokens["expiresIn"],
        ),
        tokens.get("deviceToken"),
    )
