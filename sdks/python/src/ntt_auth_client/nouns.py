"""The operations as methods: `client.noun.verb(…)`."""

from __future__ import annotations

from ntt_auth_client._drivers.bound import (
    Awaiting,
    AwaitingNoun,
    AwaitingStream,
    Blocking,
    BlockingNoun,
    BlockingStream,
)
from ntt_auth_client.operations import audit, auth, me, revocations, session, sessions, system, testing, users


class Auth(BlockingNoun):
    """Signing up, in and out, and everything about passwords and addresses."""

    register = Blocking(auth.register)
    login = Blocking(auth.login)
    refresh = Blocking(auth.refresh)
    logout = Blocking(auth.logout)
    logout_all = Blocking(auth.logout_all)
    validate = Blocking(auth.validate)
    verify_email = Blocking(auth.verify_email)
    resend_verification = Blocking(auth.resend_verification)
    forgot_password = Blocking(auth.forgot_password)
    reset_password = Blocking(auth.reset_password)
    change_password = Blocking(auth.change_password)
    change_email = Blocking(auth.change_email)
    confirm_email_change = Blocking(auth.confirm_email_change)
    password_policy = Blocking(auth.password_policy)
    permissions = Blocking(auth.permissions)
    documents = Blocking(auth.documents)


class AsyncAuth(AwaitingNoun):
    """Signing up, in and out, and everything about passwords and addresses, to be awaited."""

    register = Awaiting(auth.register)
    login = Awaiting(auth.login)
    refresh = Awaiting(auth.refresh)
    logout = Awaiting(auth.logout)
    logout_all = Awaiting(auth.logout_all)
    validate = Awaiting(auth.validate)
    verify_email = Awaiting(auth.verify_email)
    resend_verification = Awaiting(auth.resend_verification)
    forgot_password = Awaiting(auth.forgot_password)
    reset_password = Awaiting(auth.reset_password)
    change_password = Awaiting(auth.change_password)
    change_email = Awaiting(auth.change_email)
    confirm_email_change = Awaiting(auth.confirm_email_change)
    password_policy = Awaiting(auth.password_policy)
    permissions = Awaiting(auth.permissions)
    documents = Awaiting(auth.documents)


class Session(BlockingNoun):
    """The session of this client."""

    access_token = Blocking(session.access_token)


class AsyncSession(AwaitingNoun):
    """The session of this client, to be awaited."""

    access_token = Awaiting(session.access_token)


class Sessions(BlockingNoun):
    """Where the user is signed in."""

    list = Blocking(sessions.list_)
    end = Blocking(sessions.end)


class AsyncSessions(AwaitingNoun):
    """Where the user is signed in, to be awaited."""

    list = Awaiting(sessions.list_)
    end = Awaiting(sessions.end)


class Me(BlockingNoun):
    """The signed-in user."""

    read = Blocking(me.read_)
    update = Blocking(me.update)
    delete = Blocking(me.delete)
    erase = Blocking(me.erase)
    export = Blocking(me.export)
    list_consents = Blocking(me.list_consents)
    give_consent = Blocking(me.give_consent)
    withdraw_consent = Blocking(me.withdraw_consent)


class AsyncMe(AwaitingNoun):
    """The signed-in user, to be awaited."""

    read = Awaiting(me.read_)
    update = Awaiting(me.update)
    delete = Awaiting(me.delete)
    erase = Awaiting(me.erase)
    export = Awaiting(me.export)
    list_consents = Awaiting(me.list_consents)
    give_consent = Awaiting(me.give_consent)
    withdraw_consent = Awaiting(me.withdraw_consent)


class Users(BlockingNoun):
    """Other users, for those who may see to them."""

    list = Blocking(users.list_)
    iterate = BlockingStream(users.iterate)
    create = Blocking(users.create)
    read = Blocking(users.read_)
    update = Blocking(users.update)
    delete = Blocking(users.delete)
    erase = Blocking(users.erase)
    change_role = Blocking(users.change_role)
    suspend = Blocking(users.suspend)
    reactivate = Blocking(users.reactivate)
    restore = Blocking(users.restore)
    unlock = Blocking(users.unlock)
    list_sessions = Blocking(users.list_sessions)
    logout_all = Blocking(users.logout_all)
    reset_password = Blocking(users.reset_password)
    resend_verification = Blocking(users.resend_verification)
    export = Blocking(users.export)
    bulk = Blocking(users.bulk)
    export_all = BlockingStream(users.export_all)
    import_users = Blocking(users.import_users)


class AsyncUsers(AwaitingNoun):
    """Other users, for those who may see to them, to be awaited."""

    list = Awaiting(users.list_)
    iterate = AwaitingStream(users.iterate)
    create = Awaiting(users.create)
    read = Awaiting(users.read_)
    update = Awaiting(users.update)
    delete = Awaiting(users.delete)
    erase = Awaiting(users.erase)
    change_role = Awaiting(users.change_role)
    suspend = Awaiting(users.suspend)
    reactivate = Awaiting(users.reactivate)
    restore = Awaiting(users.restore)
    unlock = Awaiting(users.unlock)
    list_sessions = Awaiting(users.list_sessions)
    logout_all = Awaiting(users.logout_all)
    reset_password = Awaiting(users.reset_password)
    resend_verification = Awaiting(users.resend_verification)
    export = Awaiting(users.export)
    bulk = Awaiting(users.bulk)
    export_all = AwaitingStream(users.export_all)
    import_users = Awaiting(users.import_users)


class Audit(BlockingNoun):
    """What happened to accounts."""

    list = Blocking(audit.list_)
    iterate = BlockingStream(audit.iterate)


class AsyncAudit(AwaitingNoun):
    """What happened to accounts, to be awaited."""

    list = Awaiting(audit.list_)
    iterate = AwaitingStream(audit.iterate)


class System(BlockingNoun):
    """The server itself."""

    health = Blocking(system.health)
    live = Blocking(system.live)
    ready = Blocking(system.ready)
    detailed = Blocking(system.detailed)
    stats = Blocking(system.stats)
    backup = Blocking(system.backup)
    metrics = Blocking(system.metrics)
    jwks = Blocking(system.jwks)
    openapi = Blocking(system.openapi)
    list_jobs = Blocking(system.list_jobs)
    retry_job = Blocking(system.retry_job)
    remove_job = Blocking(system.remove_job)


class AsyncSystem(AwaitingNoun):
    """The server itself, to be awaited."""

    health = Awaiting(system.health)
    live = Awaiting(system.live)
    ready = Awaiting(system.ready)
    detailed = Awaiting(system.detailed)
    stats = Awaiting(system.stats)
    backup = Awaiting(system.backup)
    metrics = Awaiting(system.metrics)
    jwks = Awaiting(system.jwks)
    openapi = Awaiting(system.openapi)
    list_jobs = Awaiting(system.list_jobs)
    retry_job = Awaiting(system.retry_job)
    remove_job = Awaiting(system.remove_job)


class Revocations(BlockingNoun):
    """What was revoked, for services that validate tokens by themselves."""

    list = Blocking(revocations.list_)
    follow = BlockingStream(revocations.follow)


class AsyncRevocations(AwaitingNoun):
    """What was revoked, for services that validate tokens by themselves, to be awaited."""

    list = Awaiting(revocations.list_)
    follow = AwaitingStream(revocations.follow)


class Testing(BlockingNoun):
    """What a server in the profiles `development` and `test` can be asked besides."""

    clock = Blocking(testing.clock)
    advance_clock = Blocking(testing.advance_clock)
    reset = Blocking(testing.reset)
    list_mail = Blocking(testing.list_mail)
    read_mail = Blocking(testing.read_mail)
    clear_mail = Blocking(testing.clear_mail)


class AsyncTesting(AwaitingNoun):
    """What a server in the profiles `development` and `test` can be asked besides, to be awaited."""

    clock = Awaiting(testing.clock)
    advance_clock = Awaiting(testing.advance_clock)
    reset = Awaiting(testing.reset)
    list_mail = Awaiting(testing.list_mail)
    read_mail = Awaiting(testing.read_mail)
    clear_mail = Awaiting(testing.clear_mail)
