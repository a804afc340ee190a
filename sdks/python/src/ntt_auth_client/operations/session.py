"""The session of the client itself, for what is not one of the server's operations."""

from __future__ import annotations

from ntt_auth_client._core.effects import Plan
from ntt_auth_client._core.session import usable
from ntt_auth_client._core.settings import Context


def access_token(context: Context) -> Plan[str]:
    """Return an access token that is good for a while yet, refreshed if need be; for requests to services of one's own.

    Raises:
        TokenMissingError: Nobody is signed in.
        SessionExpiredError: The session is over; the token store is empty from now on.
    """
    return (yield from usable(context, "session.access_token")).access_token
