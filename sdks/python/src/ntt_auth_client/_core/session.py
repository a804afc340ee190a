"""Staying signed in."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from ntt_auth_client._core.effects import Plan, load, lock, once, save
from ntt_auth_client._core.exchange import Auth, Call
from ntt_auth_client._core.http import API, Answer, Request, encoded
from ntt_auth_client._core.settings import Context, SessionEvent
from ntt_auth_client.errors import (
    AuthenticationError,
    NetworkError,
    NttAuthError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    SessionExpiredError,
    TokenMissingError,
)
from ntt_auth_client.models import Tokens
from ntt_auth_client.stores.credentials import Credentials, SessionTokens

logger = logging.getLogger("ntt_auth_client")

REFRESHED_FOR = frozenset({"token_expired", "token_invalid", "token_revoked"})
EARLY = 60.0
REFRESH_TIMEOUT = 8.0
"""Seconds for one try of a refresh: three of them, with their waits, are over within the server's grace of 30."""


def authorized(call: Call, request: Request, auth: Auth) -> Plan[Answer]:
    """Send a request by the token that its operation needs."""
    settings = call.context.settings
    if auth is Auth.FEED and settings.feed_token is not None:
        return (yield from call.attempts(request, settings.feed_token))
    if auth is Auth.METRICS:
        return (yield from call.attempts(request, settings.metrics_token))
    if auth is Auth.NONE:
        return (yield from call.attempts(request))
    if auth is Auth.OPTIONAL and (yield from load()).session is None:
        return (yield from call.attempts(request))
    return (yield from _in_session(call, request))


def usable(context: Context, operation: str) -> Plan[SessionTokens]:
    """Return the tokens of the session, refreshed if it is time."""
    session = (yield from load()).session
    if session is None:
        raise nobody(operation)
    return (yield from _early(context, operation, session)) if is_due(context, session) else session


def _in_session(call: Call, request: Request) -> Plan[Answer]:
    context = call.context
    session = yield from usable(context, call.operation)
    refreshed = False
    while True:
        try:
            return (yield from call.attempts(request, session.access_token))
        except AuthenticationError as error:
            if refreshed or error.code not in REFRESHED_FOR:
                raise
            refreshed = True
            session = yield from fresh(context, call.operation, session)


def nobody(operation: str) -> TokenMissingError:
    """Return the error for a call that needs a session where there is none."""
    return TokenMissingError(
        "Nobody is signed in.",
        operation=operation,
        hint="Call `auth.login` first, or give the client a store with tokens.",
    )


def is_due(context: Context, session: SessionTokens) -> bool:
    """Whether an access token is so near its end that it is refreshed before it is used."""
    return session.expires_at - context.time.now() <= min(EARLY, session.lifetime / 5)


def _early(context: Context, operation: str, session: SessionTokens) -> Plan[SessionTokens]:
    try:
        return (yield from fresh(context, operation, session))
    except (NetworkError, ServerError, RateLimitedError, RequestTimeoutError):
        # The token may still do; the next call tries again.
        if session.expires_at > context.time.now():
            return session
        raise


def fresh(context: Context, operation: str, stale: SessionTokens) -> Plan[SessionTokens]:
    """Return tokens other than these: those that the store holds by now, or else refreshed ones."""
    refreshed = yield from _together(context, operation, stale)
    if refreshed.session.access_token == stale.access_token:
        # That was a refresh which others had begun before these tokens were handed out.
        refreshed = yield from _together(context, operation, stale)
    return refreshed.session


def refresh_now(context: Context, operation: str) -> Plan[Tokens]:
    """Refresh, however long the access token holds."""
    while True:
        session = (yield from load()).session
        if session is None:
            raise nobody(operation)
        refreshed = yield from _together(context, operation, session)
        if refreshed.tokens is not None:
            return refreshed.tokens


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The tokens to go on with, and the answer that they come from, unless they were in the store already."""

    session: SessionTokens
    tokens: Tokens | None


def _together(context: Context, operation: str, stale: SessionTokens) -> Plan[Refreshed]:
    def shared() -> Plan[Refreshed | NttAuthError]:
        try:
            return (yield from _refreshed(context, stale))
        except NttAuthError as error:
            return error

    result = yield from once("refresh", shared)
    if isinstance(result, NttAuthError):
        # Each who waited is given an error of their own.
        raise result.named(operation)
    return result


def _refreshed(context: Context, stale: SessionTokens) -> Plan[Refreshed]:
    told: SessionEvent | None = None
    release = yield from lock()
    try:
        while True:
            credentials = yield from load()
            session = credentials.session
            if session is None:
                raise nobody("auth.refresh")
            if session.access_token != stale.access_token:
                return Refreshed(session, None)
            try:
                tokens = yield from _exchanged(context, session)
            except SessionExpiredError:
                now = (yield from load()).session
                if now is not None and now.refresh_token != session.refresh_token:
                    continue
                if now is not None:
                    yield from save(Credentials(None, credentials.device_token))
                    told = "session_expired"
                raise
            kept = yield from keep(context, tokens, credentials)
            told = "refreshed"
            return Refreshed(kept, tokens)
    finally:
        release()
        if told is not None:
            tell(context, told)


def _exchanged(context: Context, session: SessionTokens) -> Plan[Tokens]:
    if session.refresh_token is None:
        raise SessionExpiredError("The session has no refresh token.", operation="auth.refresh")
    call = Call.of(context, "auth.refresh", repeatable=True)
    request = Request(
        "POST",
        f"{API}/auth/refresh",
        headers={"Content-Type": "application/json"},
        content=encoded({"refreshToken": session.refresh_token}),
        timeout=min(REFRESH_TIMEOUT, context.settings.timeout),
    )
    answer = yield from call.attempts(request)
    return call.parsed(answer, Tokens)


def keep(context: Context, tokens: Tokens, before: Credentials) -> Plan[SessionTokens]:
    """Put the tokens of an answer into the store."""
    session = SessionTokens(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        session_id=str(tokens.session_id),
        user_id=str(tokens.user.user_id),
        expires_at=context.time.now() + tokens.expires_in,
        lifetime=float(tokens.expires_in),
    )
    yield from save(replace(before, session=session, device_token=tokens.device_token or before.device_token))
    return session


def drop() -> Plan[bool]:
    """Forget the session; the device stays known. Returns whether there was one."""
    credentials = yield from load()
    if credentials.session is None:
        return False
    yield from save(Credentials(None, credentials.device_token))
    return True


def signed_out(context: Context) -> Plan[None]:
    """Forget the session that the server has ended at the user's wish."""

    def dropped() -> Plan[bool]:
        release = yield from lock()
        try:
            return (yield from drop())
        finally:
            release()

    if (yield from once("drop", dropped)):
        tell(context, "signed_out")


def tell(context: Context, event: SessionEvent) -> None:
    """Tell every listener. What a listener raises is logged and concerns nobody else."""
    for listener in tuple(context.listeners):
        try:
            listener(event)
        except Exception:
            logger.exception("a listener failed at %s", event)
