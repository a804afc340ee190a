"""The schemas of the API, made from openapi/ntt-auth.json by scripts/generate_models.py."""

from __future__ import annotations

from datetime import date as date_aliased
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime

from ntt_auth_client._model import Model


class Accepted(Model):
    """What is told of a request that was taken: nothing, whatever comes of it."""


class AccountBody(Model):
    """What is kept with an account beside the profile."""

    email_verified_at: AwareDatetime | None
    password_changed_at: AwareDatetime | None
    password_is_set: bool
    """Whether a password is set; the password itself is not known to anybody."""
    suspended_at: AwareDatetime | None
    suspended_until: AwareDatetime | None
    suspension_reason: str | None
    """Why they were suspended."""
    verify_by: AwareDatetime | None
    """When the account is erased if it is not used and the address is not verified until then."""


class AccountStats(Model):
    """How many accounts there are."""

    active: int
    """Those who may sign in."""
    by_role: dict[str, int]
    """By role, deleted ones left out."""
    deleted: int
    """Those who are deleted and can be restored."""
    suspended: int
    """Those who are suspended."""
    total: int
    """All that are not deleted."""
    unverified: int
    """Those whose address was not verified, deleted ones among them."""


class AuditEvent(Model):
    """Something that happened."""

    actor_id: UUID | None
    """Who did it; `null` for the server itself, the operator, somebody not signed in, or somebody erased."""
    detail: str | None
    """A word more, such as the new role or the reason."""
    erased: bool
    """Whether somebody it concerned was erased since, so that it does not tell any more whom."""
    event_id: UUID
    """The event's id."""
    ip_address: str | None = None
    """From where; left out for moderators, as are the next two."""
    kind: str
    """What happened. A server that was newer for a while may have left other kinds."""
    occurred_at: AwareDatetime
    """When."""
    request_id: str | None = None
    """By which request, as problems and logs tell it."""
    result: Literal["success", "failure", "denied"] | str | None = None
    """`success`: it was done; `failure`: it was tried in vain, or is a sign of an attack; `denied`: it was refused to somebody who may not do it."""
    sequence: int
    """Its place in the chain: 1, 2, 3 … without gaps."""
    session_id: UUID | None
    """In or to which session."""
    subject_id: UUID | None
    """To whom; `null` for nobody in particular, or somebody erased."""
    user_agent: str | None = None
    """With what, as the client told it."""


class AuditEventList(Model):
    """One page of security events."""

    items: list[AuditEvent]
    """The events of this page."""
    next_cursor: str | None
    """Gives the next page as `cursor`; `null` after the last."""


class Backup(Model):
    """A backup that was made and checked."""

    created_at: AwareDatetime
    """When it was made."""
    name: str
    """The name of its file in the configured folder."""
    sha256: str
    """Its SHA-256, in hex."""
    size: int
    """How many bytes it has."""
    users: int
    """How many users it holds, deleted ones too."""


class Consent(Model):
    """A consent to one version of a document."""

    consent_id: UUID
    """Its id."""
    document: str
    """The document and its version."""
    given_at: AwareDatetime
    """When it was given."""
    given_from: str | None
    """The address it was given from."""
    withdrawn_at: AwareDatetime | None
    """When it was withdrawn, if it was."""
    withdrawn_from: str | None
    """The address it was withdrawn from."""


class ConsentList(Model):
    """Every consent of a user, withdrawn ones too, in the order they were given."""

    items: list[Consent]
    """The consents."""
    next_cursor: str | None
    """Always `null`: the list has one page."""


class DayStats(Model):
    """The figures of one day."""

    date: date_aliased
    """The day, in UTC."""
    registrations: int
    """Accounts made."""
    sign_in_failures: int | None = None
    """Sign-ins that were refused. Not told to moderators."""
    sign_ins: int | None = None
    """Sign-ins. Not told to moderators."""


class Document(Model):
    """A document that people are asked to agree to."""

    document: str
    """The document and its version."""
    required: bool
    """Whether nobody can register without agreeing to it."""


class DocumentList(Model):
    """The documents that people are asked to agree to."""

    items: list[Document]
    """The documents, required ones first."""
    next_cursor: str | None
    """Always `null`: the list has one page."""


class EventOfUser(Model):
    """An event in an export."""

    actor_id: UUID | None
    at: AwareDatetime
    detail: str | None
    event_id: UUID
    ip_address: str | None
    kind: str
    """The name of its kind."""
    meaning: str | None
    """What that means."""
    session_id: UUID | None
    subject_id: UUID | None
    user_agent: str | None


class FieldProblem(Model):
    """One thing that is wrong with an input."""

    code: str
    """What programs branch on, in `snake_case`."""
    field: str
    """JSON Pointer (RFC 6901) into the body; for a query, `/` and the parameter's name."""
    message: str
    """One sentence for people."""


class Health(Model):
    """Whether the server is up."""

    status: Literal["ok", "degraded", "down"] | str
    """How the server is."""
    timestamp: AwareDatetime
    """The server's time."""
    version: str
    """The server's version."""


class HealthComponent(Model):
    """A part of the server."""

    breaker: Literal["closed", "half_open", "open"] | str | None = None
    cause: str | None = None
    """Why it is not well; told only to whoever may read everything about the system."""
    lag_ms: float | None = None
    """How long ago it last took up what others did, in milliseconds."""
    latency_ms: float | None = None
    """How long it took to answer, in milliseconds."""
    name: str
    """Its name."""
    status: Literal["ok", "degraded", "down"] | str
    """How it is."""


class HealthNode(Model):
    """A server of several."""

    breakers: dict[str, Literal["closed", "half_open", "open"] | str]
    """How its circuit breakers stand, by service."""
    name: str
    """Its name, a new one at each start."""
    version: str
    """Its version."""


class ImportProblem(Model):
    """What is wrong with a row."""

    code: str
    """What programs branch on."""
    field: str
    """JSON Pointer to the field; empty for the whole row."""
    id: str | None = None
    """The id in the source, unless it is an address."""
    message: str
    """One sentence for people."""
    outcome: str
    """`rejected`, `skipped` or `left_out`."""
    row: int
    """The row, counted from one; the names of columns are no row."""


class ImportReport(Model):
    """What became of an import."""

    added: int
    """Accounts that were made."""
    dry_run: bool
    """Whether nothing was written."""
    ignored: int
    """Rows that are no accounts."""
    problems: list[ImportProblem]
    """What was wrong, at most 1000."""
    problems_left_out: int
    """How many problems there are beyond those."""
    rejected: int
    """Rows that made no account."""
    rows: int
    """Rows that were read."""
    skipped: int
    """Accounts that were there and stayed as they are."""
    stopped: bool
    """Whether it ended at an account that was there already, as `onConflict=fail` asks."""
    updated: int
    """Accounts that were completed."""


class Job(Model):
    """A job: something that is done after the request which asked for it."""

    attempts: int
    """How often it was begun."""
    created_at: AwareDatetime
    """When it was asked for."""
    due_at: AwareDatetime | None
    """When it may be begun next."""
    expires_at: AwareDatetime | None
    """When it is of no use any more."""
    finished_at: AwareDatetime | None
    """When it was done or given up."""
    job_id: UUID
    """Its id."""
    kind: str
    """What it does. A node that is newer than the one that answers may have asked for what this one does not know."""
    last_error: str | None
    """Why the last attempt failed."""
    leased_by: str | None
    """Which node performs it."""
    state: str
    """Where it stands: `waiting`, `leased`, `done` or `dead`."""
    topic: str
    """A word more: for a mail, the name of the letter."""
    user_id: UUID | None
    """Whom it concerns."""


class JobList(Model):
    """One page of jobs."""

    items: list[Job]
    """The jobs of this page."""
    next_cursor: str | None
    """Gives the next page as `cursor`; `null` after the last."""


class JobOfUser(Model):
    """A job in an export."""

    attempts: int
    created_at: AwareDatetime
    due_at: AwareDatetime | None
    expires_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    job_id: UUID
    kind: str
    """What it does, e.g. `mail`."""
    last_error: str | None
    state: str
    topic: str
    """Which, e.g. the name of the letter."""


class OutboxHead(Model):
    """A mail that was kept, without what it says."""

    created_at: AwareDatetime
    """When it was made."""
    letter: str
    """Which letter it is."""
    links: list[str]
    """The addresses in it, in their order: the first is what it is about."""
    locale: str
    """The language it is in."""
    mail_id: UUID
    """Its id."""
    subject: str
    """Its subject."""
    to: str
    """Who it would have gone to."""


class OutboxList(Model):
    """Mails that were kept."""

    items: list[OutboxHead]
    """The mails, the newest first."""
    next_cursor: str | None
    """Always null: all that are kept fit on one page."""


class OutboxMail(OutboxHead):
    """A mail that was kept."""

    html: str
    """What it says, as HTML."""
    text: str
    """What it says, as plain text."""


class PasswordPolicy(Model):
    """What a new password must be, for a form to tell before it is sent."""

    max_bytes: int
    """The greatest length in bytes of UTF-8 that is read at all."""
    max_length: int
    """The greatest length, in code points."""
    min_length: int
    """The least length, in code points, where the password is the only factor."""
    min_length_with_second_factor: int
    """The least length where a second factor is asked for as well."""
    refuses_common_passwords: bool
    """Passwords that everybody knows are refused."""
    refuses_personal_words: bool
    """Passwords that contain the person's name or address are refused."""
    require: list[str]
    """Kinds of characters of which at least one each is needed."""


class Permission(Model):
    """How far each role reaches with one action."""

    action: str
    """What is done."""
    reach: dict[str, str]
    """
    By role: `none`, `own` account only, `limited` (without contact data of others), users `below` one's own role,
    `up_to_moderator`, or `all`.
    """


class PermissionMatrix(Model):
    """Who may do what: the table that every request is judged by."""

    actions: list[Permission]
    """One row an action."""
    roles: list[str]
    """The roles, from the most to the least powerful."""


class Revocation(Model):
    """One revocation: all that a service needs to refuse the tokens it concerns."""

    expires_at: AwareDatetime
    """When every token it concerns has expired, and it may be forgotten."""
    kind: Literal["session", "user"] | str
    """What is revoked: the tokens of a session, or those of a user that are older than a version."""
    min_version: int | None = None
    """The least `ver` of their tokens that still holds; with `kind` `user`."""
    session_id: UUID | None = None
    """The session; with `kind` `session`."""
    user_id: UUID | None = None
    """The user; with `kind` `user`."""


class RevocationHead(Model):
    """How far the answering node has read the revocation log, and how fresh that is."""

    age_ms: int
    """How long ago that was, in milliseconds: a measure that needs no clocks to agree."""
    as_of: AwareDatetime
    """When the node has last read everything there was."""
    sequence: int
    """The number of the newest entry."""


class RevocationPage(Model):
    """Revocations, and where to go on from."""

    entries: list[Revocation]
    """The revocations."""
    head: RevocationHead
    """How far the answering node has read, and how fresh that is."""
    more: bool
    """Whether there are further entries already."""
    next_cursor: str
    """Send it as `after` to go on from here."""
    snapshot: bool
    """Whether this is everything that is in force, or only what came after a place."""


class Session(Model):
    """A session: one sign-in and the refreshes that followed it."""

    created_at: AwareDatetime
    """When it began."""
    current: bool
    """Whether it is the session of this request."""
    device_name: str | None
    """What the client called the device."""
    expires_at: AwareDatetime
    """When it ends unless refreshed before."""
    ip_address: str | None
    """The address of the last refresh."""
    last_used_at: AwareDatetime
    """When it was last refreshed."""
    session_id: UUID
    """The `sid` of its tokens."""
    user_agent: str | None
    """The `User-Agent` of the last refresh."""


class SessionList(Model):
    """All open sessions of a user, last used first."""

    items: list[Session]
    """The sessions."""
    next_cursor: str | None
    """Always `null`: the list has one page."""


class SessionOfUser(Model):
    """A session in an export."""

    created_at: AwareDatetime
    device_name: str | None
    end_reason: str | None
    ended_at: AwareDatetime | None
    expires_at: AwareDatetime
    idle_expires_at: AwareDatetime
    ip_address: str | None
    last_refreshed_at: AwareDatetime
    last_used_at: AwareDatetime
    session_id: UUID
    user_agent: str | None


class SystemStats(Model):
    """Figures of the installation."""

    accounts: AccountStats
    """The accounts."""
    counted_at: AwareDatetime
    """When they were counted: a few seconds ago at most."""
    days: list[DayStats]
    """A row for each day in UTC, today last."""
    jobs: dict[str, Any] | None = None
    """Jobs by their state. Not told to moderators."""
    open_sessions: int | None = None
    """Sessions that are open. Not told to moderators."""


class TestClock(Model):
    """What time it is for this installation."""

    ahead_seconds: int
    """By how many seconds it is ahead of the system's."""
    now: AwareDatetime
    """The installation's time."""


class TestReset(Model):
    """How to go on."""

    setup_url: str
    """The link that makes the first super administrator, as a new server prints it."""


class User(Model):
    """A user. To moderators, `email`, `phone` and `metadata` of others are left out."""

    avatar_url: str | None
    """Address of a picture."""
    created_at: AwareDatetime
    """When the account was made."""
    deleted_at: AwareDatetime | None
    """When the account was deleted; it can be restored until it is erased."""
    email: str | None = None
    """Their address."""
    first_name: str | None
    """Given name."""
    is_active: bool
    """Whether they may sign in: neither suspended nor deleted."""
    is_email_verified: bool
    """Whether the address was shown to be theirs."""
    is_superuser: bool
    """Whether the role is `super_admin`."""
    last_login_at: AwareDatetime | None
    """When a password was last accepted."""
    last_name: str | None
    """Family name."""
    locale: str | None
    """BCP 47 language tag."""
    metadata: dict[str, Any] | None = None
    """Whatever an application keeps with the account."""
    phone: str | None = None
    """Telephone number in E.164 form."""
    role: Literal["super_admin", "admin", "moderator", "user", "guest"] | str
    """A role, from the most to the least powerful."""
    suspended_until: AwareDatetime | None
    """When a suspension lifts by itself; `null` with `isActive: false` and no `deletedAt` is an open-ended one."""
    timezone: str | None
    """IANA time zone."""
    updated_at: AwareDatetime
    """When it was last changed."""
    user_id: UUID
    """The `sub` of their tokens."""
    username: str | None
    """Their user name."""


class UserExport(Model):
    """Everything that is held on a user. Of secrets it tells that they are there. It is written part by part; this tells of its
    form.
    """

    account: AccountBody
    """What else is kept with the account."""
    consents: list[Consent]
    """What they agreed to, and withdrew."""
    events: list[EventOfUser]
    """Events that concern them, newest first, and then those that they caused to others."""
    exported_at: AwareDatetime
    """When it was asked for."""
    jobs: list[JobOfUser]
    """Mails and other jobs that concern them."""
    profile: User
    """The account."""
    schema_version: int
    """The version of this form."""
    sessions: list[SessionOfUser]
    """Sessions, ended ones too, oldest first."""


class UserList(Model):
    """One page of users."""

    items: list[User]
    """The users of this page."""
    next_cursor: str | None
    """Gives the next page as `cursor`; `null` after the last."""


class Validation(Model):
    """What a good access token says."""

    active: bool
    """Always `true`: a token that is not good is a 401."""
    audience: str
    """For whom it was issued."""
    expires_at: AwareDatetime
    """Until when it holds."""
    role: Literal["super_admin", "admin", "moderator", "user", "guest"] | str
    """A role, from the most to the least powerful."""
    scope: str
    """What it may be used for, as space-separated words (RFC 6749 § 3.3)."""
    session_id: UUID
    """The session it belongs to."""
    user_id: UUID
    """Whose token it is."""


class BulkResult(Model):
    """What became of one user."""

    code: (
        Literal[
            "malformed_request",
            "validation_failed",
            "invalid_credentials",
            "email_not_verified",
            "token_missing",
            "token_expired",
            "token_invalid",
            "token_revoked",
            "refresh_token_reused",
            "refresh_token_expired",
            "refresh_token_invalid",
            "forbidden",
            "csrf_refused",
            "not_found",
            "method_not_allowed",
            "timeout",
            "cursor_gone",
            "conflict",
            "last_super_admin",
            "payload_too_large",
            "uri_too_long",
            "unsupported_media_type",
            "header_too_large",
            "rate_limited",
            "overloaded",
            "unavailable",
            "revocations_stale",
            "internal",
        ]
        | str
        | None
    ) = None
    detail: str | None = None
    """One sentence more."""
    status: int
    """The status that the same request for this user alone would be answered with."""
    user: User | None = None
    user_id: UUID
    """Which user."""


class DetailedHealth(Health):
    """How each part of the server is."""

    components: list[HealthComponent]
    """The parts."""
    nodes: list[HealthNode] | None = None
    """
    The servers of this installation, where they know of each other (`redis.url`); told only to whoever may read everything about
    the system.
    """


class Problem(Model):
    """Problem details (RFC 9457)."""

    code: (
        Literal[
            "malformed_request",
            "validation_failed",
            "invalid_credentials",
            "email_not_verified",
            "token_missing",
            "token_expired",
            "token_invalid",
            "token_revoked",
            "refresh_token_reused",
            "refresh_token_expired",
            "refresh_token_invalid",
            "forbidden",
            "csrf_refused",
            "not_found",
            "method_not_allowed",
            "timeout",
            "cursor_gone",
            "conflict",
            "last_super_admin",
            "payload_too_large",
            "uri_too_long",
            "unsupported_media_type",
            "header_too_large",
            "rate_limited",
            "overloaded",
            "unavailable",
            "revocations_stale",
            "internal",
        ]
        | str
    )
    """What programs branch on."""
    detail: str
    """What happened this time."""
    errors: list[FieldProblem] | None = None
    """What is wrong with the input, field by field."""
    request_id: str
    """The `X-Request-Id` of this answer, to be named when asking for help."""
    status: int
    """The status of the answer."""
    title: str
    """A short summary, the same for every occurrence of the code."""
    type: str
    """Address of the page that explains the code."""


class Tokens(Model):
    """An access token and the refresh token that gets the next."""

    access_token: str
    """A signed JWT (RFC 9068), to be sent as `Authorization: Bearer …`."""
    csrf_token: str | None = None
    """Browser mode only: to be sent as `X-CSRF-Token` where the cookie is used."""
    device_token: str | None = None
    """
    To be kept apart from the session and sent with the next sign-in, so that this device is known again. It opens
    nothing by itself. Sign-in only.
    """
    expires_in: int
    """Life of the access token, in seconds."""
    refresh_expires_in: int
    """Life of the refresh token, in seconds."""
    refresh_token: str | None = None
    """Good for one use: each refresh gives its successor. In browser mode it is in a cookie, and never here."""
    session_id: UUID
    """The session both belong to."""
    token_type: str
    """Always `Bearer` (RFC 6750)."""
    user: User
    """Who signed in."""


class BulkOutcome(Model):
    """What became of each."""

    failed: int
    """To how many it was not."""
    results: list[BulkResult]
    """One each, in the order of the request."""
    succeeded: int
    """To how many it was done."""
