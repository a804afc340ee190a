"""What a server in the profiles `development` and `test` can be asked besides."""

from __future__ import annotations

from ntt_auth_client._core.effects import Plan
from ntt_auth_client._core.exchange import Auth
from ntt_auth_client._core.http import segment
from ntt_auth_client._core.settings import Context
from ntt_auth_client.models import OutboxList, OutboxMail, TestClock, TestReset
from ntt_auth_client.operations.call import Id, ask, done, given, read


def clock(context: Context) -> Plan[TestClock]:
    """Tell what time it is for the server."""
    return read(TestClock, ask(context, "testing.clock", "GET", "/test/clock", auth=Auth.NONE))


def advance_clock(context: Context, advance: str, *, step: str | None = None) -> Plan[TestClock]:
    """Let time pass. Background work that is due is done before the answer.

    Args:
        advance: A length of time in words (`90 min`, `30 days`) or by ISO 8601 (`P30D`).
        step: Steps in which it passes; all at once if left out.
    """
    body = given(advance=advance, step=step)
    return read(TestClock, ask(context, "testing.advance_clock", "POST", "/test/clock", auth=Auth.NONE, body=body))


def reset(context: Context) -> Plan[TestReset]:
    """Forget every account, session, key, mail and count, and set the clock back."""
    return read(TestReset, ask(context, "testing.reset", "POST", "/test/reset", auth=Auth.NONE))


def list_mail(
    context: Context, *, to: str | None = None, letter: str | None = None, limit: int | None = None
) -> Plan[OutboxList]:
    """List the mails that were kept, the newest first.

    Args:
        to: Those to this address.
        letter: Those of this kind, such as `verify-email`.
        limit: How many at most.
    """
    query = {"to": to, "letter": letter, "limit": limit}
    return read(OutboxList, ask(context, "testing.list_mail", "GET", "/outbox", auth=Auth.NONE, query=query))


def read_mail(context: Context, mail_id: Id) -> Plan[OutboxMail]:
    """Read a mail that was kept."""
    return read(OutboxMail, ask(context, "testing.read_mail", "GET", f"/outbox/{segment(mail_id)}", auth=Auth.NONE))


def clear_mail(context: Context) -> Plan[None]:
    """Throw all mails away."""
    return done(ask(context, "testing.clear_mail", "DELETE", "/outbox", auth=Auth.NONE))
