"""A small HTTP client that sends exactly what it is told and remembers every secret it saw."""

from __future__ import annotations

import http.client
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from harness.logs import LOGS

SECRET_FIELDS = frozenset(
    {"password", "newPassword", "currentPassword", "accessToken", "refreshToken", "mfaToken", "token"}
)
# Shorter ones would be found by chance.
SHORTEST_SECRET = 12


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - JSON is any
        """Read the body as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of the problem document that this is."""
        content_type = self.headers.get_content_type()
        assert content_type == "application/problem+json", f"{self.status} {content_type}: {self.body[:300]!r}"
        problem = self.json()
        assert problem["status"] == self.status
        assert problem["requestId"] == self.headers["x-request-id"]
        assert problem["title"]
        assert problem["type"].endswith(problem["code"]) or problem["code"] in problem["type"]
        return str(problem["code"])


@dataclass
class Api:
    """One server's address, and the secrets that were sent to it or came from it."""

    base: str
    secrets: set[str] = field(default_factory=set)

    def send(  # noqa: PLR0913 - a request has that many parts
        self,
        method: str,
        path: str,
        *,
        json_body: object = None,
        body: bytes | None = None,
        bearer: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send one request on a connection of its own."""
        sent = dict(headers or {})
        if json_body is not None:
            self._remember(json_body)
            body = json.dumps(json_body).encode()
            sent.setdefault("Content-Type", "application/json")
        if bearer is not None:
            self._remember({"token": bearer})
            sent["Authorization"] = f"Bearer {bearer}"
        address = urlsplit(self.base)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        try:
            # A server may answer before it has read all of a body, and close.
            with suppress(BrokenPipeError):
                connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        if answer.headers.get_content_type() == "application/json" and answer.body:
            self._remember(answer.json())
        return answer

    def get(self, path: str, *, bearer: str | None = None) -> Answer:
        """GET a path."""
        return self.send("GET", path, bearer=bearer)

    def post(self, path: str, json_body: object = None, *, bearer: str | None = None) -> Answer:
        """POST JSON to a path."""
        return self.send("POST", path, json_body=json_body, bearer=bearer)

    def register(self, email: str, password: str) -> dict[str, Any]:
        """Make an account and return the user."""
        answer = self.post("/api/v1/auth/register", {"email": email, "password": password})
        assert answer.status == 201, answer.body
        user: dict[str, Any] = answer.json()
        return user

    def login(self, email: str, password: str) -> dict[str, Any]:
        """Sign in and return the tokens."""
        answer = self.post("/api/v1/auth/login", {"email": email, "password": password})
        assert answer.status == 200, answer.body
        tokens: dict[str, Any] = answer.json()
        return tokens

    def _remember(self, value: object) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                if name in SECRET_FIELDS and isinstance(inner, str) and len(inner) >= SHORTEST_SECRET:
                    self.secrets.add(inner)
                    LOGS.secrets.add(inner)
                else:
                    self._remember(inner)
        elif isinstance(value, list):
            for inner in value:
                self._remember(inner)
