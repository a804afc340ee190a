"""Who schemathesis is: a super administrator who signs in afresh for each request, whatever the last one did."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

import schemathesis

from harness import PASSWORD
from harness.api import Api
from harness.server import Binary

API = Api(os.environ["NTT_E2E_BASE"])
BINARY = Binary(Path(os.environ["NTT_E2E_PROGRAM"]), Path(os.environ["NTT_E2E_FOLDER"]), {})


class SuperAdmin:
    """Gives each request a session of its own, so that a request that ends sessions ends only its own."""

    def __init__(self) -> None:
        """Start without an account."""
        self.email = ""

    def get(self, case: schemathesis.Case[Any], context: schemathesis.AuthContext) -> str:  # noqa: ARG002 - fixed names
        """Sign in; a request may have removed or locked the account, and then another one is made."""
        answer = self._login()
        if answer is None:
            self.email = f"root-{secrets.token_hex(6)}@example.com"
            made = BINARY.run(
                "user",
                "create",
                self.email,
                "--role",
                "super_admin",
                "--password-stdin",
                stdin=PASSWORD,
            )
            assert made.returncode == 0, made.stderr
            answer = self._login()
        assert answer is not None
        return answer

    def set(self, case: schemathesis.Case[Any], data: str, context: schemathesis.AuthContext) -> None:  # noqa: ARG002
        """Put the token where it belongs."""
        case.headers["Authorization"] = f"Bearer {data}"

    def _login(self) -> str | None:
        if not self.email:
            return None
        answer = API.post("/api/v1/auth/login", {"email": self.email, "password": PASSWORD})
        tokens: dict[str, Any] = answer.json()
        return str(tokens["accessToken"]) if answer.status == 200 else None


@schemathesis.serializer("application/x-ndjson", "text/csv")
def rows(ctx: Any, value: Any) -> bytes:  # noqa: ANN401, ARG001 - JSON is any
    """Write a file of rows: any text is one, though most are none that makes an account."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


schemathesis.auth(refresh_interval=None)(SuperAdmin)
