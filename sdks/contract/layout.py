"""How the files of the contract are laid out: what fits into a line stands in one."""

from __future__ import annotations

import json
from typing import Any

WIDTH = 150
# These are read member by member, however short they are.
OPEN = ("cases", "operations", "codes", "steps")


def written(value: Any) -> str:
    """Write a JSON document."""
    return _written(value, 0) + "\n"


def _written(value: Any, indent: int) -> str:
    line = json.dumps(value, ensure_ascii=False)
    is_open = isinstance(value, dict) and any(name in value for name in OPEN)
    if not isinstance(value, dict | list) or (len(line) + indent <= WIDTH and not is_open):
        return f"{{ {line[1:-1]} }}" if isinstance(value, dict) and value else line
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        members = [f"{json.dumps(name)}: {_written(member, indent + 2)}" for name, member in value.items()]
        return "{\n" + ",\n".join(inner + member for member in members) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(inner + _written(member, indent + 2) for member in value) + "\n" + " " * indent + "]"
