"""Shows plans in the reference as the methods that they become: without their context, and with their results."""

from __future__ import annotations

import re
from typing import Any

import griffe

RESULT = re.compile(r"(Plan|Stream)\[(.*)\]")
MODULES = re.compile(r"ntt_auth_client\.operations\.(?!call\.)\w+\.\w+")


class Operations(griffe.Extension):
    """Rewrites the functions of `ntt_auth_client.operations`."""

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:  # noqa: ANN401 - as griffe calls it
        """Rewrite one."""
        if not MODULES.fullmatch(func.path) or "context" not in func.parameters:
            return
        del func.parameters["context"]
        result = RESULT.fullmatch(str(func.returns))
        if result is not None:
            kind, inner = result.groups()
            func.returns = f"Iterator[{inner}]" if kind == "Stream" else inner
