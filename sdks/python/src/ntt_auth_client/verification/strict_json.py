"""JSON as a token may hold it: a name stands once, nothing follows, numbers are numbers of JSON."""

from __future__ import annotations

import json
from typing import Any, cast


def read_object(octets: bytes) -> dict[str, Any]:
    """Return the object; `ValueError` if it is anything else, or holds a name twice at any depth."""
    try:
        value: object = _DECODER.decode(octets.decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("no object")  # noqa: TRY004 - what is wrong is the token
    members = cast("dict[str, Any]", value)
    if _depth(members) > MAX_DEPTH:
        raise ValueError("nested too deep")
    return members


MAX_DEPTH = 32


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _depth(value: object) -> int:
    depth = 0
    layer: list[object] = [value]
    while layer and depth <= MAX_DEPTH:
        below: list[object] = []
        for item in layer:
            if isinstance(item, dict):
                below.extend(cast("dict[str, object]", item).values())
            elif isinstance(item, list):
                below.extend(cast("list[object]", item))
        layer = below
        depth += 1
    return depth


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refused)
