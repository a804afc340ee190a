"""When something is sent again."""

from __future__ import annotations

from dataclasses import dataclass

from ntt_auth_client._core.faults import FaultError
from ntt_auth_client._core.http import Answer

AGAIN = frozenset({408, 429, 502, 503, 504})
REFUSED_EARLY = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and after what waits.

    What may be sent again: an operation that was certainly not executed (no connection was made, or the server refused
    it early
    and said when to come back), and one that may be executed twice.
    """

    tries: int = 3
    """At most so many, the first one among them."""
    base: float = 0.2
    """The wait before the first repetition is up to so many seconds, and doubles with each."""
    cap: float = 5.0
    """But it is no longer than this, without what `Retry-After` says."""
    deadline: float = 30.0
    """No try begins later than so many seconds after the call."""

    def wait(self, repetition: int, draw: float, retry_after: float | None) -> float:
        """Return the seconds before the n-th repetition, by a random number from 0 to 1."""
        return draw * min(self.cap, self.base * 2.0 ** (repetition - 1)) + (retry_after or 0.0)


def is_repeated_after_answer(answer: Answer, *, repeatable: bool) -> bool:
    """Whether what was answered like this is sent again."""
    if repeatable:
        return answer.status in AGAIN
    return answer.status in REFUSED_EARLY and "retry-after" in answer.headers


def is_repeated_after_fault(fault: FaultError, *, repeatable: bool) -> bool:
    """Whether what was not answered for this reason is sent again."""
    return repeatable or not fault.sent
