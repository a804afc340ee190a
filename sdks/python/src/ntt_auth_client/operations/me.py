"""The signed-in user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ntt_auth_client._core.effects import Plan
from ntt_auth_client._core.http import segment
from ntt_auth_client._core.session import signed_out
from ntt_auth_client._core.settings import Context
from ntt_auth_client.models import Consent, ConsentList, User, UserExport
from ntt_auth_client.operations.call import UNSET, Unset, ask, done, read


def read_(context: Context) -> Plan[User]:
    """Read one's own account."""
    return read(User, ask(context, "me.read", "GET", "/users/me"))


def update(  # noqa: PLR0913 - the fields of a profile
    context: Context,
    *,
    username: str | Unset | None = UNSET,
    first_name: str | Unset | None = UNSET,
    last_name: str | Unset | None = UNSET,
    phone: str | Unset | None = UNSET,
    avatar_url: str | Unset | None = UNSET,
    timezone: str | Unset | None = UNSET,
    locale: str | Unset | None = UNSET,
    metadata: Mapping[str, Any] | Unset | None = UNSET,
) -> Plan[User]:
    """Change one's own profile. What is left out stays; `None` clears it.

    Args:
        username: 3 to 32 letters, digits, `.`, `_`, `-`.
        first_name: Given name.
        last_name: Family name.
        phone: Telephone number in E.164 form.
        avatar_url: Address of a picture.
        timezone: IANA time zone.
        locale: BCP 47 language tag.
        metadata: Whatever the application keeps with the account, replaced as a whole.
    """
    fields = {
        "username": username,
        "firstName": first_name,
        "lastName": last_name,
        "phone": phone,
        "avatarUrl": avatar_url,
        "timezone": timezone,
        "locale": locale,
        "metadata": metadata,
    }
    return read(User, ask(context, "me.update", "PATCH", "/users/me", body=fields))


def delete(context: Context) -> Plan[None]:
    """Delete one's own account. An administrator can restore it for a while. Every session ends."""
    yield from ask(context, "me.delete", "DELETE", "/users/me", repeatable=False)
    yield from signed_out(context)


def erase(context: Context, *, current_password: str) -> Plan[None]:
    """Erase one's own account and everything that is held on its owner, at once and for good."""
    yield from ask(context, "me.erase", "POST", "/users/me/erase", body={"currentPassword": current_password})
    yield from signed_out(context)


def export(context: Context) -> Plan[UserExport]:
    """Return everything that is held on oneself."""
    return read(UserExport, ask(context, "me.export", "GET", "/users/me/export"))


def list_consents(context: Context) -> Plan[ConsentList]:
    """List one's consents, withdrawn ones too, in the order they were given."""
    return read(ConsentList, ask(context, "me.list_consents", "GET", "/users/me/consents"))


def give_consent(context: Context, document: str) -> Plan[Consent]:
    """Agree to a version of a document, such as `terms:2026-01`."""
    return read(Consent, ask(context, "me.give_consent", "POST", "/users/me/consents", body={"document": document}))


def withdraw_consent(context: Context, document: str) -> Plan[None]:
    """Withdraw the consent to a document, such as `terms`."""
    return done(ask(context, "me.withdraw_consent", "DELETE", f"/users/me/consents/{segment(document)}"))
