"""Where the user is signed in."""

from __future__ import annotations

from ntt_auth_client._core.effects import Plan
from ntt_auth_client._core.http import segment
from ntt_auth_client._core.settings import Context
from ntt_auth_client.models import SessionList
from ntt_auth_client.operations.call import Id, ask, done, read


def list_(context: Context) -> Plan[SessionList]:
    """List the open sessions, last used first."""
    return read(SessionList, ask(context, "sessions.list", "GET", "/auth/sessions"))


def end(context: Context, session_id: Id) -> Plan[None]:
    """End one of them. Ending this one is what `auth.logout` is for."""
    return done(ask(context, "sessions.end", "DELETE", f"/auth/sessions/{segment(session_id)}"))
