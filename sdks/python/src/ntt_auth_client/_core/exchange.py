"""One call: the request, its repetitions, and what came of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, TypeVar, cast

from pydantic import BaseModel
from pydantic import ValidationError as ShapeError

from ntt_auth_client._core.effects import Plan, open_stream, send, sleep
from ntt_auth_client._core.faults import FaultError
from ntt_auth_client._core.http import Answer, Request
from ntt_auth_client._core.problem import error_of, retry_after
from ntt_auth_client._core.retry import is_repeated_after_answer, is_repeated_after_fault
from ntt_auth_client._core.settings import Context
from ntt_auth_client.errors import NetworkError, NttAuthError, UnexpectedAnswerError

logger = logging.getLogger("ntt_auth_client")
M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


class Auth(Enum):
    """By which token a request is sent."""

    NONE = "none"
    SESSION = "session"
    OPTIONAL = "optional"
    FEED = "feed"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it goes through its tries: they share one request id and one deadline."""

    context: Context
    operation: str
    request_id: str
    began: float
    repeatable: bool
    streamed: bool = False

    @classmethod
    def of(cls, context: Context, operation: str, *, repeatable: bool, streamed: bool = False) -> Call:
        """Begin a call."""
        settings = context.settings
        return cls(context, operation, settings.request_id(), settings.clock.monotonic(), repeatable, streamed)

    def attempts(
        self, request: Request, bearer: str | None = None, *, accepted: frozenset[int] = frozenset()
    ) -> Plan[Answer]:
        """Send a request until it is answered well, or by an accepted status; raises what the last try came to."""
        settings = self.context.settings
        headers = {"Accept": "application/json", **request.headers}
        headers |= {"User-Agent": settings.user_agent, "X-Request-Id": self.request_id}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        request = replace(request, headers=headers)
        tries = 0
        while True:
            tries += 1
            error, again, after = yield from self._attempt(request, accepted)
            if isinstance(error, Answer):
                return error
            if not again or tries >= settings.retry.tries:
                raise error
            wait = settings.retry.wait(tries, settings.draw(), after)
            if settings.clock.monotonic() + wait - self.began > settings.retry.deadline:
                raise error
            yield from sleep(wait)

    def _attempt(
        self, request: Request, accepted: frozenset[int]
    ) -> Plan[tuple[Answer | NttAuthError, bool, float | None]]:
        clock = self.context.settings.clock
        began = clock.monotonic()
        try:
            answer = yield from open_stream(request) if self.streamed else send(request)
        except FaultError as fault:
            logger.debug("%s: %s %s: %s (%s)", self.operation, request.method, request.path, fault, self.request_id)
            return self.failed(fault), is_repeated_after_fault(fault, repeatable=self.repeatable), None
        self.context.time.learn(answer.headers.get("date"))
        logger.debug(
            "%s: %s %s: %d in %.0f ms (%s)",
            self.operation,
            request.method,
            request.path,
            answer.status,
            (clock.monotonic() - began) * 1000,
            self.request_id,
        )
        if 200 <= answer.status < 300 or answer.status in accepted:
            return answer, False, None
        after = retry_after(answer, self.context.time)
        again = is_repeated_after_answer(answer, repeatable=self.repeatable)
        return error_of(answer, self.operation, self.request_id, self.context.time), again, after

    def parsed(self, answer: Answer, model: type[M]) -> M:
        """Return what an answer says; raises `UnexpectedAnswerError` if it says something else."""
        try:
            return model.model_validate_json(answer.content)
        except ShapeError as error:
            where = ", ".join(sorted({".".join(str(part) for part in one["loc"]) or "/" for one in error.errors()})[:5])
            # Not chained: what pydantic tells of an answer may hold a token.
            raise self.unexpected(answer, f"The answer is not of the form expected, at: {where}.") from None

    def object(self, answer: Answer) -> dict[str, Any]:
        """Return the JSON object of an answer; raises `UnexpectedAnswerError` if it is none."""
        try:
            value: object = answer.json()
        except ValueError:
            raise self.unexpected(answer, "The answer is no JSON.") from None
        if not isinstance(value, dict):
            raise self.unexpected(answer, "The answer is no JSON object.")
        return cast("dict[str, Any]", value)

    def guarded(self, plan: Plan[T]) -> Plan[T]:
        """Perform a plan whose faults are those of this call."""
        try:
            return (yield from plan)
        except FaultError as fault:
            raise self.failed(fault) from fault

    def failed(self, fault: FaultError) -> NetworkError:
        """Return the error for an answer that did not come."""
        return fault.kind(f"{fault}.", operation=self.operation, request_id=self.request_id)

    def unexpected(self, answer: Answer, detail: str) -> UnexpectedAnswerError:
        """Return the error for an answer that is not what it should be."""
        return UnexpectedAnswerError(
            detail,
            operation=self.operation,
            status=answer.status,
            request_id=answer.headers.get("x-request-id", self.request_id),
        )
