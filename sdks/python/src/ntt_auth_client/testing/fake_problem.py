"""A refusal of the fake server."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from ntt_auth_client.errors import CODES, FieldError

STATUSES = {
    "invalid_credentials": 401,
    "token_missing": 401,
    "token_expired": 401,
    "token_invalid": 401,
    "token_revoked": 401,
    "refresh_token_reused": 401,
    "refresh_token_expired": 401,
    "refresh_token_invalid": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "validation_failed": 422,
    "rate_limited": 429,
    "internal": 500,
    "overloaded": 503,
    "unavailable": 503,
    "revocations_stale": 503,
}


@dataclass
class FakeProblemError(Exception):
    """A refusal by its code, as the real server words it."""

    code: str
    detail: str = ""
    errors: tuple[FieldError, ...] = ()
    retry_after: int | None = None

    @property
    def status(self) -> int:
        """The status of the answer."""
        return STATUSES.get(self.code, 400)

    def body(self, url: str, request_id: str) -> dict[str, Any]:
        """Return the problem (RFC 9457)."""
        known = CODES.get(self.code)
        problem: dict[str, Any] = {
            "type": f"{url}/docs/errors/{self.code}",
            "title": known.default_title if known is not None else HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail or "The fake server was told to refuse it.",
            "code": self.code,
            "requestId": request_id,
        }
        if self.errors:
            fields = [{"field": one.field, "code": one.code, "message": one.message} for one in self.errors]
            problem["errors"] = fields
        return problem
