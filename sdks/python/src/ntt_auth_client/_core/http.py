"""Requests and answers, as values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

Query = tuple[tuple[str, str], ...]

API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. Its representation shows no header and no body, since both hold secrets."""

    method: str
    path: str
    query: Query = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    content: bytes | None = field(default=None, repr=False)
    timeout: float = 10.0

    @property
    def target(self) -> str:
        """The path with its query."""
        return self.path + ("?" + urlencode(self.query, quote_via=quote) if self.query else "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the names of the headers are in small letters."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(default=b"", repr=False)

    def json(self) -> object:
        """Return what the body says; `ValueError` if it is no JSON."""
        value: object = json.loads(self.content)
        return value


def encoded(body: Mapping[str, Any]) -> bytes:
    """Return a body in JSON."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def segment(value: object) -> str:
    """Return a value as one segment of a path, whatever is in it."""
    return quote(str(value), safe="")
