"""What a refusal says (RFC 9457), however much of it arrived."""

from __future__ import annotations

import json
from typing import Any, cast

from ntt_auth_client._core.clock import ServerTime, http_date
from ntt_auth_client._core.http import Answer
from ntt_auth_client.errors import FieldError, NttAuthError, UnexpectedAnswerError, class_of

MAX_RETRY_AFTER = 3600.0


def error_of(answer: Answer, operation: str, request_id: str, time: ServerTime) -> NttAuthError:
    """Return the error that an answer of 400 or more, or a redirection, stands for."""
    if answer.status < 400:
        return UnexpectedAnswerError(
            f"The answer has the status {answer.status}.",
            operation=operation,
            status=answer.status,
            request_id=answer.headers.get("x-request-id", request_id),
        )
    problem = _problem(answer)
    code = _text(problem.get("code"))
    kind = class_of(code, answer.status)
    error = kind(
        _text(problem.get("detail")) or "",
        operation=operation,
        status=answer.status,
        request_id=_text(problem.get("requestId")) or answer.headers.get("x-request-id") or request_id,
        title=_text(problem.get("title")),
        retry_after=retry_after(answer, time),
        errors=_fields(problem.get("errors")),
    )
    error.code = code
    return error


def retry_after(answer: Answer, time: ServerTime) -> float | None:
    """Return the seconds of `Retry-After` (RFC 9110 § 10.2.3), an hour at most; a date counts from the answer's own."""
    text = answer.headers.get("retry-after")
    if text is None:
        return None
    if text.strip().isdecimal():
        return min(float(text), MAX_RETRY_AFTER)
    date = http_date(text)
    if date is None:
        return None
    since = http_date(answer.headers.get("date"))
    return min(max(0.0, date - (time.now() if since is None else since)), MAX_RETRY_AFTER)


def _problem(answer: Answer) -> dict[str, Any]:
    try:
        said: object = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", said) if isinstance(said, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _fields(value: object) -> tuple[FieldError, ...]:
    if not isinstance(value, list):
        return ()
    rows = [cast("dict[str, object]", row) for row in cast("list[object]", value) if isinstance(row, dict)]
    return tuple(
        FieldError(_text(row.get("field")) or "", _text(row.get("code")) or "", _text(row.get("message")) or "")
        for row in rows
    )
