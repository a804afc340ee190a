"""What all operations are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, Literal, TypeVar, cast
from uuid import UUID

from pydantic import BaseModel

from ntt_auth_client._core.effects import Emit, Plan, Stream
from ntt_auth_client._core.exchange import Auth, Call
from ntt_auth_client._core.http import API, Answer, Query, Request, encoded
from ntt_auth_client._core.session import authorized
from ntt_auth_client._core.settings import Context

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

Id = str | UUID
"""An id, as text or as the answers hold it."""
Time = str | datetime
"""A time: RFC 3339, or a `datetime` with a time zone."""
Role = Literal["super_admin", "admin", "moderator", "user", "guest"]
"""The roles, from the most to the least powerful."""


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "unset"

    def __repr__(self) -> str:
        """Be short in signatures."""
        return "UNSET"


UNSET: Final = Unset.UNSET
"""Leaves a field as it is, where `None` clears it."""

IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})


def ask(  # noqa: PLR0913 - what a request is made of
    context: Context,
    operation: str,
    method: str,
    path: str,
    *,
    auth: Auth = Auth.SESSION,
    query: Mapping[str, object] | None = None,
    body: Mapping[str, object] | None = None,
    repeatable: bool | None = None,
) -> Plan[tuple[Call, Answer]]:
    """Send the request of an operation; `path` begins under `/api/v1` unless it is absolute by `//`."""
    call = Call.of(context, operation, repeatable=method in IDEMPOTENT if repeatable is None else repeatable)
    request = Request(
        method,
        path[1:] if path.startswith("//") else API + path,
        query=queried(query or {}),
        headers={} if body is None else {"Content-Type": "application/json"},
        content=None if body is None else encoded(written(body)),
        timeout=context.settings.timeout,
    )
    return call, (yield from authorized(call, request, auth))


def read(model: type[M], asked: Plan[tuple[Call, Answer]]) -> Plan[M]:
    """Return what the answer says."""
    call, answer = yield from asked
    return call.parsed(answer, model)


def done(asked: Plan[tuple[Call, Answer]]) -> Plan[None]:
    """Return nothing once it is answered."""
    yield from asked


def pages(page: Callable[[str | None], Plan[M]], items: Callable[[M], tuple[list[T], str | None]]) -> Stream[T]:
    """Give the items of one page after another; each is asked for when it is needed."""
    cursor: str | None = None
    while True:
        found, cursor = items((yield from page(cursor)))
        for item in found:
            yield Emit(item)
        if cursor is None:
            return


def queried(parameters: Mapping[str, object]) -> Query:
    """Return the parameters of a query that are given."""
    return tuple((name, _parameter(value)) for name, value in parameters.items() if value is not None)


def written(fields: Mapping[str, object]) -> dict[str, Any]:
    """Return the fields of a body that are given."""
    return {name: _value(value) for name, value in fields.items() if value is not UNSET}


def given(**fields: object) -> dict[str, object]:
    """Return the fields that are not `None`."""
    return {name: value for name, value in fields.items() if value is not None}


def _parameter(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(_value(value))


def _value(value: object) -> object:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time needs a time zone")
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, list | tuple):
        return [_value(item) for item in cast("list[object] | tuple[object, ...]", value)]
    return value
