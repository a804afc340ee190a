"""The files of the contract, and the description of the API."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@cache
def read(name: str) -> Any:
    """Read one of the files."""
    return json.loads((HERE / name).read_text())


@cache
def openapi() -> Any:
    """Read the OpenAPI document."""
    return json.loads((ROOT / "openapi" / "ntt-auth.json").read_text())
