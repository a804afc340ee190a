"""Signing up, in and out, and everything about passwords and addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ntt_auth_client._core.effects import Plan, load, lock, once
from ntt_auth_client._core.exchange import Auth, Call
from ntt_auth_client._core.http import API, Request
from ntt_auth_client._core.session import drop, keep, refresh_now, signed_out, tell
from ntt_auth_client._core.settings import Context
from ntt_auth_client.errors import AuthenticationError, NttAuthError
from ntt_auth_client.models import DocumentList, PasswordPolicy, PermissionMatrix, Tokens, User, Validation
from ntt_auth_client.operations.call import ask, done, given, read


def register(  # noqa: PLR0913 - the fields of a registration
    context: Context,
    *,
    email: str,
    password: str,
    username: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    phone: str | None = None,
    avatar_url: str | None = None,
    timezone: str | None = None,
    locale: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    consents: Sequence[str] | None = None,
) -> Plan[User | None]:
    """Make an account of the role `user`. A mail with a link that verifies the address is sent.

    Args:
        email: The address to sign in with.
        password: As `auth.password_policy` demands.
        username: 3 to 32 letters, digits, `.`, `_`, `-`.
        first_name: Given name.
        last_name: Family name.
        phone: Telephone number in E.164 form.
        avatar_url: Address of a picture.
        timezone: IANA time zone.
        locale: BCP 47 language tag.
        metadata: Whatever the application keeps with the account: at most 16 KiB, 8 levels deep.
        consents: What they agree to: every document that `auth.documents` calls required, in its version.

    Returns:
        The user; `None` under enumeration protection, where nobody is told whether the address was taken.

    Raises:
        ValidationFailedError: A field is not acceptable, or the address or user name is taken.
    """
    fields = given(
        email=email,
        password=password,
        username=username,
        firstName=first_name,
        lastName=last_name,
        phone=phone,
        avatarUrl=avatar_url,
        timezone=timezone,
        locale=locale,
        metadata=metadata,
        consents=list(consents) if consents is not None else None,
    )
    call, answer = yield from ask(context, "auth.register", "POST", "/auth/register", auth=Auth.NONE, body=fields)
    return None if answer.status == 202 else call.parsed(answer, User)


def login(  # noqa: PLR0913 - the fields of a sign-in
    context: Context,
    *,
    password: str,
    email: str | None = None,
    username: str | None = None,
    identifier: str | None = None,
    device_name: str | None = None,
    device_token: str | None = None,
) -> Plan[Tokens]:
    """Sign in. The token store holds the session from now on, and every call that needs it uses and refreshes it.

    Args:
        password: The password.
        email: An email address; give exactly one of `email`, `username` and `identifier`.
        username: A user name.
        identifier: Either of both.
        device_name: What to call this device in the list of sessions.
        device_token: By which the server knows the device, so that a lock which strangers caused does not concern
            it. Left out, it is that of the last sign-in, which the token store remembers.

    Raises:
        InvalidCredentialsError: No such account, or another password.
        EmailNotVerifiedError: The address must be verified first.
        RateLimitedError: Too many wrong passwords; `retry_after` says for how long.
    """
    known = device_token or (yield from load()).device_token
    fields = given(
        email=email,
        username=username,
        identifier=identifier,
        password=password,
        deviceName=device_name,
        deviceToken=known,
    )
    tokens = yield from read(Tokens, ask(context, "auth.login", "POST", "/auth/login", auth=Auth.NONE, body=fields))

    def kept() -> Plan[None]:
        release = yield from lock()
        try:
            yield from keep(context, tokens, (yield from load()))
        finally:
            release()

    yield from once(f"keep {tokens.session_id}", kept)
    tell(context, "signed_in")
    return tokens


def refresh(context: Context) -> Plan[Tokens]:
    """Refresh the session now. It is seldom called by hand: every call refreshes by itself when it is time.

    Raises:
        SessionExpiredError: The session is over; the token store is empty from now on.
        TokenMissingError: Nobody is signed in.
    """
    return (yield from refresh_now(context, "auth.refresh"))


def logout(context: Context) -> Plan[None]:
    """Sign out. The token store forgets the session even if the server cannot be told; then why is raised.

    Without a session nothing happens.
    """

    def ended() -> Plan[tuple[bool, NttAuthError | None]]:
        failed: NttAuthError | None = None
        # Held meanwhile, so that no refresh brings the session back.
        release = yield from lock()
        try:
            session = (yield from load()).session
            if session is None:
                return False, None
            body = given(refreshToken=session.refresh_token)
            try:
                yield from ask(
                    context, "auth.logout", "POST", "/auth/logout", auth=Auth.NONE, body=body, repeatable=True
                )
            except AuthenticationError:
                # The session is gone already.
                pass
            except NttAuthError as error:
                failed = error
            return (yield from drop()), failed
        finally:
            release()

    dropped, failed = yield from once("logout", ended)
    if dropped:
        tell(context, "signed_out")
    if failed is not None:
        raise failed.named("auth.logout")


def logout_all(context: Context) -> Plan[None]:
    """End every session of the user, this one included."""
    yield from ask(context, "auth.logout_all", "POST", "/auth/logout-all")
    yield from signed_out(context)


def validate(context: Context, token: str | None = None) -> Plan[Validation]:
    """Ask the server whether an access token holds.

    Args:
        token: The token; that of the session if it is left out.

    Raises:
        AuthenticationError: It does not: `TokenExpiredError`, `TokenRevokedError` or `TokenInvalidError`.
        RevocationsStaleError: The server does not know just now. The token itself may be good.
    """
    if token is None:
        return (yield from read(Validation, ask(context, "auth.validate", "GET", "/auth/validate")))
    call = Call.of(context, "auth.validate", repeatable=True)
    request = Request("GET", f"{API}/auth/validate", timeout=context.settings.timeout)
    return call.parsed((yield from call.attempts(request, token)), Validation)


def verify_email(context: Context, token: str) -> Plan[None]:
    """Verify an address by the token of the link that was sent to it."""
    return done(ask(context, "auth.verify_email", "POST", "/auth/verify-email", auth=Auth.NONE, body={"token": token}))


def resend_verification(context: Context, email: str) -> Plan[None]:
    """Have another link sent that verifies an address. Whether there is such an account is not told."""
    path = "/auth/resend-verification"
    return done(ask(context, "auth.resend_verification", "POST", path, auth=Auth.NONE, body={"email": email}))


def forgot_password(context: Context, email: str) -> Plan[None]:
    """Have a link sent by which a new password is chosen. Whether there is such an account is not told."""
    path = "/auth/forgot-password"
    return done(ask(context, "auth.forgot_password", "POST", path, auth=Auth.NONE, body={"email": email}))


def reset_password(context: Context, *, token: str, new_password: str) -> Plan[None]:
    """Choose a new password by the token of a link. Every session of the user ends."""
    body = {"token": token, "newPassword": new_password}
    return done(ask(context, "auth.reset_password", "POST", "/auth/reset-password", auth=Auth.NONE, body=body))


def change_password(context: Context, *, current_password: str, new_password: str) -> Plan[None]:
    """Choose another password. This session goes on, the others end."""
    body = {"currentPassword": current_password, "newPassword": new_password}
    return done(ask(context, "auth.change_password", "POST", "/auth/change-password", body=body))


def change_email(context: Context, *, new_email: str, current_password: str) -> Plan[None]:
    """Ask for another address. It changes when the link in the mail to it is followed."""
    body = {"newEmail": new_email, "currentPassword": current_password}
    return done(ask(context, "auth.change_email", "POST", "/auth/change-email", body=body))


def confirm_email_change(context: Context, token: str) -> Plan[None]:
    """Move an account to its new address by the token of the link that was sent there."""
    path = "/auth/confirm-email-change"
    return done(ask(context, "auth.confirm_email_change", "POST", path, auth=Auth.NONE, body={"token": token}))


def password_policy(context: Context) -> Plan[PasswordPolicy]:
    """Tell what a new password must be."""
    return read(PasswordPolicy, ask(context, "auth.password_policy", "GET", "/auth/password-policy", auth=Auth.NONE))


def permissions(context: Context) -> Plan[PermissionMatrix]:
    """Tell which role may do what."""
    return read(PermissionMatrix, ask(context, "auth.permissions", "GET", "/auth/permissions", auth=Auth.NONE))


def documents(context: Context) -> Plan[DocumentList]:
    """List the documents that people are asked to agree to, required ones first."""
    return read(DocumentList, ask(context, "auth.documents", "GET", "/auth/documents", auth=Auth.NONE))
