"""What the fake server answers."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ntt_auth_client.errors import FieldError
from ntt_auth_client.testing.fake_problem import FakeProblemError
from ntt_auth_client.verification.principal import ROLES

if TYPE_CHECKING:
    from ntt_auth_client.testing.fake_server import FakeAccount, FakeServer, FakeSession

ACCESS_LIFE = 3600
REFRESH_LIFE = 604_800
PROFILE = ("username", "firstName", "lastName", "phone", "avatarUrl", "timezone", "locale", "metadata")
REACH = {
    "list_users": ("super_admin", "admin", "moderator"),
    "read_user": ("super_admin", "admin", "moderator", "user"),
    "create_user": ("super_admin", "admin"),
    "update_user": ("super_admin", "admin", "moderator", "user"),
    "delete_user": ("super_admin", "admin", "moderator", "user"),
    "suspend_user": ("super_admin", "admin", "moderator"),
    "change_role": ("super_admin", "admin"),
    "operate_system": ("super_admin",),
}
Reply = tuple[int, Any]


@dataclass(frozen=True)
class Exchange:
    """One request, and what is known of who sent it."""

    server: FakeServer
    path: str
    query: Mapping[str, str]
    body: dict[str, Any]
    claims: dict[str, Any]

    @property
    def actor(self) -> FakeAccount:
        """Who sent it."""
        return self.server.accounts[self.claims["sub"]]

    @property
    def target(self) -> FakeAccount:
        """Whom the path names."""
        account = self.server.accounts.get(self.path.split("/")[4])
        if account is None:
            raise FakeProblemError("not_found", "There is no such user.")
        return account


def answered(  # noqa: PLR0913, PLR0917 - the parts of a request
    server: FakeServer, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], content: bytes
) -> Reply:
    """Return the status and the body of an answer; raises `FakeProblemError`."""
    for pattern, who, route in ROUTES:
        if fnmatch.fnmatchcase(f"{method} {path}", pattern) and path.count("/") == pattern.count("/"):
            claims = {} if who is None else _signed_in(server, headers, who)
            body: dict[str, Any] = json.loads(content) if content[:1] == b"{" else {}
            return route(Exchange(server, path, query, body, claims))
    raise FakeProblemError("not_found", f"The fake server does not know {method} {path}.")


def _signed_in(server: FakeServer, headers: Mapping[str, str], who: str) -> dict[str, Any]:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme != "Bearer":
        raise FakeProblemError("token_missing", "An access token is needed.")
    claims = server.read(token)
    if ROLES.index(server.accounts[claims["sub"]].user["role"]) > ROLES.index(who):
        raise FakeProblemError("forbidden", "The role does not permit it.")
    return claims


def _register(exchange: Exchange) -> Reply:
    body = dict(exchange.body)
    email, password = body.pop("email"), body.pop("password")
    if any(account.user["email"] == email for account in exchange.server.accounts.values()):
        raise FakeProblemError(
            "validation_failed", "One field is not acceptable.", (FieldError("/email", "taken", "It is taken."),)
        )
    profile = {name: body[name] for name in PROFILE if name in body}
    made = exchange.server.add_user(email, password, isEmailVerified=False, **profile)
    return 201, exchange.server.accounts[str(made)].user


def _login(exchange: Exchange) -> Reply:
    body = exchange.body
    name = body.get("email") or body.get("username") or body.get("identifier")
    for account in exchange.server.accounts.values():
        is_named = name in {account.user["email"], account.user["username"]}
        if is_named and account.password == body["password"] and account.user["isActive"]:
            account.user["lastLoginAt"] = exchange.server.stamp()
            session = exchange.server.open_session(account.user["userId"], body.get("deviceName"))
            return 200, _tokens(exchange.server, session) | {"deviceToken": exchange.server.secret("dt")}
    raise FakeProblemError("invalid_credentials", "The credentials were refused.")


def _refresh(exchange: Exchange) -> Reply:
    server, token = exchange.server, exchange.body.get("refreshToken", "")
    for session in server.sessions.values():
        if session.expires <= server.clock.now() and token == session.refresh_token:
            raise FakeProblemError("refresh_token_expired", "The refresh token has expired.")
        if token == session.refresh_token:
            session.used = {token}
            session.refresh_token, session.last_used_at = server.secret("rt"), server.stamp()
            session.expires = server.clock.now() + REFRESH_LIFE
            return 200, _tokens(server, session)
        if token in session.used:
            # The same client repeats itself, since an answer was lost.
            return 200, _tokens(server, session)
    raise FakeProblemError("refresh_token_invalid", "The refresh token is not valid.")


def _tokens(server: FakeServer, session: FakeSession) -> dict[str, Any]:
    return {
        "accessToken": server.signed(session),
        "refreshToken": session.refresh_token,
        "tokenType": "Bearer",
        "expiresIn": ACCESS_LIFE,
        "refreshExpiresIn": REFRESH_LIFE,
        "sessionId": session.session_id,
        "user": server.accounts[session.user_id].user,
    }


def _logout(exchange: Exchange) -> Reply:
    sessions = exchange.server.sessions
    for session in [one for one in sessions.values() if one.refresh_token == exchange.body.get("refreshToken")]:
        del sessions[session.session_id]
    return 204, None


def _logout_all(exchange: Exchange) -> Reply:
    exchange.server.end_sessions(exchange.claims["sub"])
    return 204, None


def _validate(exchange: Exchange) -> Reply:
    claims = exchange.claims
    return 200, {
        "active": True,
        "userId": claims["sub"],
        "sessionId": claims["sid"],
        "role": claims["role"],
        "scope": claims["scope"],
        "audience": claims["aud"],
        "expiresAt": f"{_time(claims['exp'])}",
    }


def _time(seconds: int) -> str:
    from datetime import UTC, datetime  # noqa: PLC0415

    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _sessions(exchange: Exchange) -> Reply:
    return 200, _listed(_sessions_of(exchange, exchange.claims["sub"]))


def _sessions_of(exchange: Exchange, user_id: str) -> list[dict[str, Any]]:
    return [
        {
            "sessionId": session.session_id,
            "current": session.session_id == exchange.claims["sid"],
            "deviceName": session.device_name,
            "userAgent": None,
            "ipAddress": None,
            "createdAt": session.created_at,
            "lastUsedAt": session.last_used_at,
            "expiresAt": _time(int(session.expires)),
        }
        for session in exchange.server.sessions.values()
        if session.user_id == user_id
    ]


def _end_session(exchange: Exchange) -> Reply:
    session = exchange.server.sessions.get(exchange.path.rsplit("/", 1)[1])
    if session is None or session.user_id != exchange.claims["sub"]:
        raise FakeProblemError("not_found", "There is no such session.")
    del exchange.server.sessions[session.session_id]
    return 204, None


def _change_password(exchange: Exchange) -> Reply:
    if exchange.body["currentPassword"] != exchange.actor.password:
        wrong = FieldError("/currentPassword", "wrong", "This is not the password.")
        raise FakeProblemError("validation_failed", "One field is not acceptable.", (wrong,))
    exchange.actor.password = exchange.body["newPassword"]
    return 204, None


def _update(account: FakeAccount, exchange: Exchange) -> Reply:
    account.user.update({name: value for name, value in exchange.body.items() if name in PROFILE})
    account.user["updatedAt"] = exchange.server.stamp()
    return 200, account.user


def _remove(account: FakeAccount, exchange: Exchange) -> Reply:
    exchange.server.end_sessions(account.user["userId"])
    del exchange.server.accounts[account.user["userId"]]
    return 204, None


def _users(exchange: Exchange) -> Reply:
    role = exchange.query.get("role")
    users = [one.user for one in exchange.server.accounts.values() if role in {None, one.user["role"]}]
    limit, start = int(exchange.query.get("limit", "50")), int(exchange.query.get("cursor", "0"))
    after = start + limit
    return 200, {"items": users[start:after], "nextCursor": str(after) if after < len(users) else None}


def _create(exchange: Exchange) -> Reply:
    body = exchange.body
    profile = {name: body[name] for name in PROFILE if name in body}
    made = exchange.server.add_user(body["email"], body.get("password"), role=body.get("role", "user"), **profile)
    return 201, exchange.server.accounts[str(made)].user


def _change_role(exchange: Exchange) -> Reply:
    account = exchange.target
    account.user["role"] = exchange.body["role"]
    account.user["isSuperuser"] = account.user["role"] == "super_admin"
    # Tokens from before are refused; sessions go on.
    account.version += 1
    return 200, account.user


def _activate(account: FakeAccount, exchange: Exchange, *, active: bool) -> Reply:
    account.user["isActive"] = active
    if not active:
        exchange.server.end_sessions(account.user["userId"])
    return 200, account.user


def _logout_user(exchange: Exchange) -> Reply:
    exchange.server.end_sessions(exchange.target.user["userId"])
    return 204, None


def _permissions(_: Exchange) -> Reply:
    actions = [
        {"action": action, "reach": {role: "all" if role in granted else "none" for role in ROLES}}
        for action, granted in REACH.items()
    ]
    return 200, {"roles": list(ROLES), "actions": actions}


def _policy(_: Exchange) -> Reply:
    return 200, {
        "minLength": 8,
        "minLengthWithSecondFactor": 8,
        "maxLength": 128,
        "maxBytes": 1024,
        "require": [],
        "refusesCommonPasswords": False,
        "refusesPersonalWords": False,
    }


def _health(exchange: Exchange) -> Reply:
    return 200, {"status": "ok", "timestamp": exchange.server.stamp(), "version": "fake"}


def _listed(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"items": items, "nextCursor": None}


ROUTES: tuple[tuple[str, str | None, Callable[[Exchange], Reply]], ...] = (
    ("POST /api/v1/auth/register", None, _register),
    ("POST /api/v1/auth/login", None, _login),
    ("POST /api/v1/auth/refresh", None, _refresh),
    ("POST /api/v1/auth/logout", None, _logout),
    ("POST /api/v1/auth/logout-all", "user", _logout_all),
    ("GET /api/v1/auth/validate", "user", _validate),
    ("POST /api/v1/auth/verify-email", None, lambda _: (204, None)),
    ("POST /api/v1/auth/resend-verification", None, lambda _: (202, {})),
    ("POST /api/v1/auth/forgot-password", None, lambda _: (202, {})),
    ("POST /api/v1/auth/reset-password", None, lambda _: (204, None)),
    ("POST /api/v1/auth/confirm-email-change", None, lambda _: (204, None)),
    ("POST /api/v1/auth/change-password", "user", _change_password),
    ("POST /api/v1/auth/change-email", "user", lambda _: (202, {})),
    ("GET /api/v1/auth/password-policy", None, _policy),
    ("GET /api/v1/auth/permissions", None, _permissions),
    ("GET /api/v1/auth/documents", None, lambda _: (200, _listed([]))),
    ("GET /api/v1/auth/sessions", "user", _sessions),
    ("DELETE /api/v1/auth/sessions/*", "user", _end_session),
    ("GET /api/v1/users/me", "user", lambda exchange: (200, exchange.actor.user)),
    ("PATCH /api/v1/users/me", "user", lambda exchange: _update(exchange.actor, exchange)),
    ("DELETE /api/v1/users/me", "user", lambda exchange: _remove(exchange.actor, exchange)),
    ("POST /api/v1/users/me/erase", "user", lambda exchange: _remove(exchange.actor, exchange)),
    ("GET /api/v1/users/me/consents", "user", lambda _: (200, _listed([]))),
    ("GET /api/v1/users", "moderator", _users),
    ("POST /api/v1/users", "admin", _create),
    ("GET /api/v1/users/*", "moderator", lambda exchange: (200, exchange.target.user)),
    ("PATCH /api/v1/users/*", "admin", lambda exchange: _update(exchange.target, exchange)),
    ("DELETE /api/v1/users/*", "admin", lambda exchange: _remove(exchange.target, exchange)),
    ("PATCH /api/v1/users/*/role", "admin", _change_role),
    ("POST /api/v1/users/*/suspend", "moderator", lambda exchange: _activate(exchange.target, exchange, active=False)),
    (
        "POST /api/v1/users/*/reactivate",
        "moderator",
        lambda exchange: _activate(exchange.target, exchange, active=True),
    ),
    ("POST /api/v1/users/*/restore", "admin", lambda exchange: _activate(exchange.target, exchange, active=True)),
    ("POST /api/v1/users/*/unlock", "moderator", lambda exchange: (200, exchange.target.user)),
    ("POST /api/v1/users/*/logout-all", "moderator", _logout_user),
    (
        "GET /api/v1/users/*/sessions",
        "admin",
        lambda exchange: (200, _listed(_sessions_of(exchange, exchange.target.user["userId"]))),
    ),
    ("GET /health", None, _health),
    ("GET /health/live", None, _health),
    ("GET /health/ready", None, _health),
    ("GET /.well-known/jwks.json", None, lambda exchange: (200, exchange.server.jwks())),
)
"""Method and path, `*` being one part of it; the least powerful role that may, `None` for all. The order decides."""
