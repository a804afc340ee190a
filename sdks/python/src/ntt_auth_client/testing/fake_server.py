"""A server in memory."""

from __future__ import annotations

import json
import secrets
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from jwt.types import Options

from ntt_auth_client._core.clock import Clock, SystemClock
from ntt_auth_client.operations.call import Role
from ntt_auth_client.testing import fake_routes
from ntt_auth_client.testing.fake_problem import FakeProblemError

ACCESS_LIFE = 3600
REFRESH_LIFE = 604_800


@dataclass
class FakeAccount:
    """An account, in the names of the API, with what is not shown of it."""

    user: dict[str, Any]
    password: str | None
    version: int = 1


@dataclass
class FakeSession:
    """A session, with the refresh token that is good for it now."""

    session_id: str
    user_id: str
    refresh_token: str
    created_at: str
    last_used_at: str
    expires: float
    device_name: str | None = None
    used: set[str] = field(default_factory=set[str])


class FakeServer:
    """An ntt-auth server in memory: accounts, sessions, one-time refresh tokens, roles, signed access tokens, keys.

    It answers the clients and verifiers of this package through `transport`. It is for tests of what is built on them;
    what depends on the server's own rules is tested with `RealServer`.
    """

    def __init__(self, url: str = "http://auth.fake", *, clock: Clock | None = None) -> None:
        """Begin with no account."""
        self.url = url
        self.clock: Clock = clock or SystemClock()
        self.transport = FakeTransport(self)
        """How requests get here: `AuthClient(server.url, transport=server.transport)`."""
        self.accounts: dict[str, FakeAccount] = {}
        self.sessions: dict[str, FakeSession] = {}
        self.failures: deque[str | FakeProblemError] = deque()
        self.requests: list[str] = []
        """Method and path of every request so far."""
        self._key = ec.generate_private_key(ec.SECP256R1())

    def add_user(self, email: str, password: str | None = None, *, role: Role = "user", **profile: Any) -> uuid.UUID:  # noqa: ANN401 - the fields of a profile
        """Make an account, with any fields of a profile, in the names of the API; return its id."""
        now = self.stamp()
        user: dict[str, Any] = {
            "userId": str(uuid.uuid4()),
            "email": email,
            "username": None,
            "firstName": None,
            "lastName": None,
            "phone": None,
            "avatarUrl": None,
            "timezone": None,
            "locale": None,
            "metadata": {},
            "role": role,
            "isActive": True,
            "isEmailVerified": True,
            "isSuperuser": role == "super_admin",
            "lastLoginAt": None,
            "createdAt": now,
            "updatedAt": now,
            "suspendedUntil": None,
            "deletedAt": None,
            **profile,
        }
        self.accounts[user["userId"]] = FakeAccount(user, password)
        return uuid.UUID(user["userId"])

    def fail(self, failure: str, *, times: int = 1, retry_after: int | None = None) -> None:
        """Let the next requests fail.

        Args:
            failure: `connect`: there is no connection; `timeout`: there is no answer; `lost_answer`: the request is
                executed, and the answer is lost on its way; or a code, by which the server refuses it.
            times: How many of them.
            retry_after: The seconds that a refusal says to wait.
        """
        refusal = FakeProblemError(failure, retry_after=retry_after)
        self.failures.extend([failure if failure in {"connect", "timeout", "lost_answer"} else refusal] * times)

    def token_for(self, user_id: uuid.UUID | str, **claims: Any) -> str:  # noqa: ANN401 - any claims
        """Return a signed access token of a new session of a user, with these claims instead of the ordinary ones."""
        session = self.open_session(str(user_id))
        return self.signed(session, **claims)

    def open_session(self, user_id: str, device_name: str | None = None) -> FakeSession:
        """Begin a session of a user."""
        now = self.stamp()
        expires = self.clock.now() + REFRESH_LIFE
        session = FakeSession(str(uuid.uuid4()), user_id, self.secret("rt"), now, now, expires, device_name)
        self.sessions[session.session_id] = session
        return session

    def end_sessions(self, user_id: uuid.UUID | str) -> None:
        """End every session of a user, as an administrator would."""
        for session in [one for one in self.sessions.values() if one.user_id == str(user_id)]:
            del self.sessions[session.session_id]

    def signed(self, session: FakeSession, **claims: Any) -> str:  # noqa: ANN401 - any claims
        """Return an access token for a session."""
        account = self.accounts[session.user_id]
        now = int(self.clock.now())
        said = {
            "iss": self.url,
            "aud": self.url,
            "sub": session.user_id,
            "sid": session.session_id,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "nbf": now,
            "exp": now + ACCESS_LIFE,
            "role": account.user["role"],
            "scope": "account",
            "type": "access",
            "ver": account.version,
            "email": account.user["email"],
        } | claims
        return jwt.encode(said, self._key, "ES256", {"kid": "fake", "typ": "at+jwt"})

    def read(self, token: str) -> dict[str, Any]:
        """Return the claims of an access token that holds; raises `FakeProblemError`."""
        unchecked: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        try:
            public = self._key.public_key()
            claims = jwt.decode(token, public, ["ES256"], unchecked, audience=self.url, issuer=self.url)
        except jwt.PyJWTError:
            raise FakeProblemError("token_invalid", "The access token is not valid.") from None
        if claims["exp"] <= self.clock.now():
            raise FakeProblemError("token_expired", "The access token has expired.")
        if claims["sid"] not in self.sessions or claims["ver"] < self.accounts[claims["sub"]].version:
            raise FakeProblemError("token_revoked", "The access token was revoked.")
        return claims

    def jwks(self) -> dict[str, Any]:
        """Return the public keys (RFC 7517 § 5)."""
        key = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [key | {"kid": "fake", "alg": "ES256", "use": "sig"}]}

    def stamp(self) -> str:
        """Return the time, as the API writes it."""
        now = datetime.fromtimestamp(self.clock.now(), UTC)
        return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def secret(self, kind: str) -> str:
        """Return a token that cannot be guessed."""
        return f"ntt_{kind}_{secrets.token_urlsafe(24)}"


class FakeTransport(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Takes requests to a server in memory."""

    def __init__(self, server: FakeServer) -> None:
        """Take them there."""
        self._server = server

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a blocking client."""
        return self._answered(request, request.read())

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a client in an event loop."""
        return self._answered(request, await request.aread())

    def _answered(self, request: httpx2.Request, content: bytes) -> httpx2.Response:
        server = self._server
        server.requests.append(f"{request.method} {request.url.path}")
        failure = server.failures.popleft() if server.failures else None
        if failure == "connect":
            raise httpx2.ConnectError("the fake server was told to be away")
        if failure == "timeout":
            raise httpx2.ReadTimeout("the fake server was told to be slow")
        request_id = request.headers.get("x-request-id", "")
        headers = {"X-Request-Id": request_id}
        try:
            if isinstance(failure, FakeProblemError):
                raise failure
            query = dict(parse_qsl(request.url.query.decode()))
            status, body = fake_routes.answered(
                server, request.method, request.url.path, query, request.headers, content
            )
        except FakeProblemError as problem:
            headers["Content-Type"] = "application/problem+json"
            if problem.retry_after is not None:
                headers["Retry-After"] = str(problem.retry_after)
            status, body = problem.status, problem.body(server.url, request_id)
        if failure == "lost_answer":
            raise httpx2.ReadError("the fake server was told to lose the answer")
        return _response(status, headers, body)


def _response(status: int, headers: Mapping[str, str], body: object) -> httpx2.Response:
    if body is None:
        return httpx2.Response(status, headers=headers)
    return httpx2.Response(status, headers={"Content-Type": "application/json", **headers}, content=json.dumps(body))
