"""Other users, for those who may see to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ntt_auth_client._core.effects import Emit, Plan, Stream, chunk
from ntt_auth_client._core.exchange import Auth, Call
from ntt_auth_client._core.http import API, Request, segment
from ntt_auth_client._core.session import authorized
from ntt_auth_client._core.settings import Context
from ntt_auth_client.models import BulkOutcome, ImportReport, SessionList, User, UserExport, UserList
from ntt_auth_client.operations.call import (
    UNSET,
    Id,
    Role,
    Time,
    Unset,
    ask,
    done,
    given,
    pages,
    queried,
    read,
)

Sort = Literal["createdAt", "email", "lastLoginAt"]
Order = Literal["asc", "desc"]
BulkActionName = Literal["suspend", "reactivate", "delete", "restore", "change_role", "logout_all"]
ExportFormat = Literal["jsonl", "csv"]
ImportFormat = Literal["jsonl", "csv", "auth0", "firebase", "keycloak", "supabase", "django"]
MEDIA_TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv"}


def list_(  # noqa: PLR0913 - the filters of the list
    context: Context,
    *,
    q: str | None = None,
    role: Role | None = None,
    is_active: bool | None = None,
    is_email_verified: bool | None = None,
    created_after: Time | None = None,
    created_before: Time | None = None,
    include_deleted: bool | None = None,
    sort: Sort | None = None,
    order: Order | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Plan[UserList]:
    """Return one page of users.

    Args:
        q: Each word of this begins a word of the names, the user name or the email address.
        role: Those of this role.
        is_active: Those who are neither suspended nor deleted; those who are, if `False`.
        is_email_verified: Those with a verified address; those without, if `False`.
        created_after: Made at or after this time.
        created_before: Made before this time.
        include_deleted: Deleted ones, too; needs the right to restore them.
        sort: By what; by when they were made if left out.
        order: Ascending if left out.
        limit: How many at most, up to 200; 50 if left out.
        cursor: The `next_cursor` of the page before, with the same filters and order.
    """
    query = {
        "q": q,
        "role": role,
        "isActive": is_active,
        "isEmailVerified": is_email_verified,
        "createdAfter": created_after,
        "createdBefore": created_before,
        "includeDeleted": include_deleted,
        "sort": sort,
        "order": order,
        "limit": limit,
        "cursor": cursor,
    }
    return read(UserList, ask(context, "users.list", "GET", "/users", query=query))


def iterate(  # noqa: PLR0913 - the filters of the list
    context: Context,
    *,
    q: str | None = None,
    role: Role | None = None,
    is_active: bool | None = None,
    is_email_verified: bool | None = None,
    created_after: Time | None = None,
    created_before: Time | None = None,
    include_deleted: bool | None = None,
    sort: Sort | None = None,
    order: Order | None = None,
    limit: int | None = None,
) -> Stream[User]:
    """Give all users, over all pages. The filters are those of `users.list`, and `limit` is the size of a page."""
    filters: dict[str, Any] = {
        "q": q,
        "role": role,
        "is_active": is_active,
        "is_email_verified": is_email_verified,
        "created_after": created_after,
        "created_before": created_before,
        "include_deleted": include_deleted,
        "sort": sort,
        "order": order,
        "limit": limit,
    }
    return pages(lambda cursor: list_(context, **filters, cursor=cursor), lambda page: (page.items, page.next_cursor))


def create(  # noqa: PLR0913 - the fields of an account
    context: Context,
    *,
    email: str,
    password: str | None = None,
    role: Role | None = None,
    username: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    phone: str | None = None,
    avatar_url: str | None = None,
    timezone: str | None = None,
    locale: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Plan[User]:
    """Make an account of any role that one may grant.

    Args:
        email: The address to sign in with.
        password: Without one, they are sent a link by which they choose it.
        role: `user` if left out.
        username: 3 to 32 letters, digits, `.`, `_`, `-`.
        first_name: Given name.
        last_name: Family name.
        phone: Telephone number in E.164 form.
        avatar_url: Address of a picture.
        timezone: IANA time zone.
        locale: BCP 47 language tag.
        metadata: Whatever the application keeps with the account: at most 16 KiB, 8 levels deep.
    """
    fields = given(
        email=email,
        password=password,
        role=role,
        username=username,
        firstName=first_name,
        lastName=last_name,
        phone=phone,
        avatarUrl=avatar_url,
        timezone=timezone,
        locale=locale,
        metadata=metadata,
    )
    return read(User, ask(context, "users.create", "POST", "/users", body=fields))


def read_(context: Context, user_id: Id) -> Plan[User]:
    """Read a user."""
    return read(User, ask(context, "users.read", "GET", f"/users/{segment(user_id)}"))


def update(  # noqa: PLR0913 - the fields of a profile
    context: Context,
    user_id: Id,
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
    """Change a user's profile. What is left out stays; `None` clears it. The fields are those of `me.update`."""
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
    return read(User, ask(context, "users.update", "PATCH", f"/users/{segment(user_id)}", body=fields))


def delete(context: Context, user_id: Id) -> Plan[None]:
    """Delete a user. They can be restored for a while; their sessions end at once."""
    return done(ask(context, "users.delete", "DELETE", f"/users/{segment(user_id)}"))


def erase(context: Context, user_id: Id) -> Plan[None]:
    """Erase a user and everything that is held on them, at once and for good."""
    path = f"/users/{segment(user_id)}"
    return done(ask(context, "users.erase", "DELETE", path, query={"erase": True}))


def change_role(context: Context, user_id: Id, role: Role) -> Plan[User]:
    """Give a user another role. Their access tokens are refused at once; their sessions go on."""
    path = f"/users/{segment(user_id)}/role"
    return read(User, ask(context, "users.change_role", "PATCH", path, body={"role": role}))


def suspend(context: Context, user_id: Id, *, reason: str | None = None, until: Time | None = None) -> Plan[User]:
    """Suspend a user. Their sessions end at once.

    Args:
        user_id: Whom.
        reason: Why, for administrators.
        until: When the suspension lifts by itself; open-ended if left out.
    """
    path = f"/users/{segment(user_id)}/suspend"
    return read(User, ask(context, "users.suspend", "POST", path, body=given(reason=reason, until=until)))


def reactivate(context: Context, user_id: Id) -> Plan[User]:
    """Lift a suspension."""
    return read(User, ask(context, "users.reactivate", "POST", f"/users/{segment(user_id)}/reactivate"))


def restore(context: Context, user_id: Id) -> Plan[User]:
    """Restore a deleted user."""
    return read(User, ask(context, "users.restore", "POST", f"/users/{segment(user_id)}/restore"))


def unlock(context: Context, user_id: Id) -> Plan[User]:
    """Lift the lock that wrong passwords have brought about."""
    return read(User, ask(context, "users.unlock", "POST", f"/users/{segment(user_id)}/unlock"))


def list_sessions(context: Context, user_id: Id) -> Plan[SessionList]:
    """List a user's open sessions."""
    return read(SessionList, ask(context, "users.list_sessions", "GET", f"/users/{segment(user_id)}/sessions"))


def logout_all(context: Context, user_id: Id) -> Plan[None]:
    """End every session of a user."""
    path = f"/users/{segment(user_id)}/logout-all"
    return done(ask(context, "users.logout_all", "POST", path, repeatable=True))


def reset_password(context: Context, user_id: Id) -> Plan[None]:
    """Have a link sent to a user by which they choose a new password."""
    return done(ask(context, "users.reset_password", "POST", f"/users/{segment(user_id)}/reset-password"))


def resend_verification(context: Context, user_id: Id) -> Plan[None]:
    """Have another link sent to a user that verifies their address."""
    return done(ask(context, "users.resend_verification", "POST", f"/users/{segment(user_id)}/resend-verification"))


def export(context: Context, user_id: Id) -> Plan[UserExport]:
    """Return everything that is held on a user."""
    return read(UserExport, ask(context, "users.export", "GET", f"/users/{segment(user_id)}/export"))


def bulk(  # noqa: PLR0913 - the fields of the action
    context: Context,
    action: BulkActionName,
    user_ids: Sequence[Id],
    *,
    role: Role | None = None,
    reason: str | None = None,
    until: Time | None = None,
) -> Plan[BulkOutcome]:
    """Do one thing to up to 200 users. Each is judged alone, so a refusal is in the outcome and is not raised.

    Args:
        action: What is done.
        user_ids: To whom, each once.
        role: Of `change_role`: the role they shall have.
        reason: Of `suspend`: why, for administrators.
        until: Of `suspend`: when it lifts by itself.
    """
    fields = given(action=action, userIds=list(user_ids), role=role, reason=reason, until=until)
    return read(BulkOutcome, ask(context, "users.bulk", "POST", "/users/bulk", body=fields))


def export_all(context: Context, *, format: ExportFormat | None = None) -> Stream[bytes]:  # noqa: A002 - its name in the API
    """Give everything there is about every account but passwords and sessions, piece by piece as it arrives.

    Args:
        format: JSON Lines if left out.
    """
    call = Call.of(context, "users.export_all", repeatable=True, streamed=True)
    request = Request(
        "GET",
        f"{API}/users/export",
        query=queried({"format": format}),
        headers={"Accept": "application/x-ndjson, text/csv"},
        timeout=context.settings.timeout,
    )
    yield from authorized(call, request, Auth.SESSION)
    while piece := (yield from call.guarded(chunk())):
        yield Emit(piece)


def import_users(  # noqa: PLR0913 - the options of an import
    context: Context,
    source: str | bytes,
    *,
    format: ImportFormat,  # noqa: A002 - its name in the API
    dry_run: bool | None = None,
    on_conflict: Literal["skip", "update", "fail"] | None = None,
    on_invalid: Literal["reject", "drop"] | None = None,
    roles: str | None = None,
    default_role: Role | None = None,
    django_model: str | None = None,
    keep_app_metadata: bool | None = None,
) -> Plan[ImportReport]:
    """Make accounts of the rows of a file. What was read before a refusal stays, and the same file may be sent again.

    Args:
        source: What is in the file.
        format: Of which system it is.
        dry_run: Judge every row and write nothing.
        on_conflict: What to do with accounts that are there already; `skip` if left out.
        on_invalid: What to do with rows that are acceptable in part; `reject` if left out.
        roles: Which of the source's roles make which role here, such as `staff:moderator,admins:admin`.
        default_role: The role of all others.
        django_model: The model that holds Django's users; `auth.user` if left out.
        keep_app_metadata: Also keep what only administrators could change in the source.
    """
    query = {
        "format": format,
        "dryRun": dry_run,
        "onConflict": on_conflict,
        "onInvalid": on_invalid,
        "roles": roles,
        "defaultRole": default_role,
        "djangoModel": django_model,
        "keepAppMetadata": keep_app_metadata,
    }
    call = Call.of(context, "users.import_users", repeatable=False)
    request = Request(
        "POST",
        f"{API}/users/import",
        query=queried(query),
        headers={"Content-Type": MEDIA_TYPES.get(format, "application/json")},
        content=source.encode() if isinstance(source, str) else source,
        timeout=max(context.settings.timeout, IMPORT_TIMEOUT),
    )
    return call.parsed((yield from authorized(call, request, Auth.SESSION)), ImportReport)


IMPORT_TIMEOUT = 300.0
"""Seconds that the server may take over a file."""
