"""What happened to accounts."""

from __future__ import annotations

from typing import Any, Literal

from ntt_auth_client._core.effects import Plan, Stream
from ntt_auth_client._core.settings import Context
from ntt_auth_client.models import AuditEvent, AuditEventList
from ntt_auth_client.operations.call import Id, Time, ask, pages, read

Result = Literal["success", "failure", "denied"]


def list_(  # noqa: PLR0913 - the filters of the list
    context: Context,
    *,
    kind: str | None = None,
    actor_id: Id | None = None,
    subject_id: Id | None = None,
    session_id: Id | None = None,
    result: Result | None = None,
    ip_address: str | None = None,
    after: Time | None = None,
    before: Time | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Plan[AuditEventList]:
    """Return one page of security events, the newest first.

    Args:
        kind: What happened, such as `signed_in`.
        actor_id: Who did it.
        subject_id: To whom.
        session_id: In or to which session.
        result: Whether it was done, tried in vain, or refused.
        ip_address: From where.
        after: At or after this time.
        before: Before this time.
        limit: How many at most, up to 200.
        cursor: The `next_cursor` of the page before, with the same filters.
    """
    query = {
        "kind": kind,
        "actorId": actor_id,
        "subjectId": subject_id,
        "sessionId": session_id,
        "result": result,
        "ipAddress": ip_address,
        "after": after,
        "before": before,
        "limit": limit,
        "cursor": cursor,
    }
    return read(AuditEventList, ask(context, "audit.list", "GET", "/audit-events", query=query))


def iterate(  # noqa: PLR0913 - the filters of the list
    context: Context,
    *,
    kind: str | None = None,
    actor_id: Id | None = None,
    subject_id: Id | None = None,
    session_id: Id | None = None,
    result: Result | None = None,
    ip_address: str | None = None,
    after: Time | None = None,
    before: Time | None = None,
    limit: int | None = None,
) -> Stream[AuditEvent]:
    """Give all security events, over all pages. The filters are those of `audit.list`."""
    filters: dict[str, Any] = {
        "kind": kind,
        "actor_id": actor_id,
        "subject_id": subject_id,
        "session_id": session_id,
        "result": result,
        "ip_address": ip_address,
        "after": after,
        "before": before,
        "limit": limit,
    }
    return pages(lambda cursor: list_(context, **filters, cursor=cursor), lambda page: (page.items, page.next_cursor))
