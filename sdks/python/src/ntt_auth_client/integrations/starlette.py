"""Starlette: who sent a request, as `request.user`, in a route, or at a WebSocket.

```python
verifier = AsyncTokenVerifier("https://auth.example.com", feed_token=os.environ["NTT_AUTH_FEED_TOKEN"])
auth = StarletteAuth(verifier)


async def me(request: Request) -> JSONResponse:
    user = await auth.user(request)
    return JSONResponse({"id": str(user.user_id), "role": user.role})


app = Starlette(routes=[Route("/me", me)], lifespan=auth.lifespan)
```
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError, BaseUser
from starlette.exceptions import HTTPException, WebSocketException
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket

from ntt_auth_client.errors import NttAuthError
from ntt_auth_client.integrations.bearer import bearer_token, missing, refusal_of, websocket_token
from ntt_auth_client.operations.call import Role
from ntt_auth_client.verification.principal import ROLES, Principal
from ntt_auth_client.verifier import AsyncTokenVerifier

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013


class StarletteAuth:
    """Tells who sent a request, by a verifier that lives as long as the application."""

    def __init__(self, verifier: AsyncTokenVerifier) -> None:
        """Judge tokens by this verifier."""
        self.verifier = verifier

    @asynccontextmanager
    async def lifespan(self, app: Any) -> AsyncGenerator[None, None]:  # noqa: ANN401, ARG002 - any kind of application
        """Start the verifier with the application, and close it with it."""
        async with self.verifier:
            yield

    async def user(
        self,
        connection: HTTPConnection,
        *,
        role: Role | None = None,
        scope: str | None = None,
        permission: str | None = None,
    ) -> Principal:
        """Return who sent a request.

        Args:
            connection: The request.
            role: The least powerful role that will do.
            scope: What the token must be for.
            permission: An action of the server's table that the role may do at least to somebody.

        Raises:
            HTTPException: 401 without a good token, 403 without role, scope or permission, 503 if the token cannot be
                judged.
        """
        user = await self.optional_user(connection)
        if user is None:
            raise _http(missing())
        return await self.require(user, role=role, scope=scope, permission=permission)

    async def optional_user(self, connection: HTTPConnection) -> Principal | None:
        """Return who sent a request; `None` if it has no token. One that is not good is refused all the same."""
        token = bearer_token(connection.headers.get("authorization"))
        try:
            return None if token is None else await self.verifier.verify(token)
        except NttAuthError as error:
            raise _http(error) from error

    async def require(
        self, user: Principal, *, role: Role | None = None, scope: str | None = None, permission: str | None = None
    ) -> Principal:
        """Return the user, or raise `HTTPException` with 403 without role, scope or permission."""
        try:
            if role is not None:
                user.require_role(role)
            if scope is not None:
                user.require_scope(scope)
            if permission is not None:
                await self.verifier.require_permission(user, permission)
        except NttAuthError as error:
            raise _http(error) from error
        return user

    async def websocket_user(self, websocket: WebSocket) -> Principal:
        """Return who opens a WebSocket, by `Authorization` or by the subprotocols `["bearer", accessToken]`.

        Accept it with `subprotocol="bearer"` in the second case. A token is judged when the socket is opened: judge it
        again with what is done later, as it may have expired or been revoked.

        Raises:
            WebSocketException: 1008 without a good token, 1013 if it cannot be judged just now.
        """
        protocols: list[str] = list(websocket.scope.get("subprotocols", []))
        token = websocket_token(websocket.headers.get("authorization"), protocols)
        try:
            if token is None:
                raise missing()
            return await self.verifier.verify(token)
        except NttAuthError as error:
            refusal = refusal_of(error)
            code = TRY_AGAIN_LATER if refusal.status == 503 else POLICY_VIOLATION
            raise WebSocketException(code, refusal.problem["code"]) from error


class NttAuthBackend(AuthenticationBackend):
    """For `AuthenticationMiddleware`: `request.user` is an `NttAuthUser`; `@requires("role:admin")` demands a role.

    `request.auth.scopes` holds `authenticated`, `role:…` for the user's role and every lower one, and `scope:…` for
    each word of the token's scope. Give the middleware `on_error=refused`, for answers as the server's own.
    """

    def __init__(self, verifier: AsyncTokenVerifier) -> None:
        """Judge tokens by this verifier."""
        self._verifier = verifier

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
        """Return who sent a request; `None` if it has no token."""
        protocols: list[str] = list(conn.scope.get("subprotocols", []))
        token = websocket_token(conn.headers.get("authorization"), protocols)
        if token is None:
            return None
        try:
            principal = await self._verifier.verify(token)
        except NttAuthError as error:
            raise RefusedError(error) from error
        roles = [f"role:{role}" for role in ROLES if principal.has_role(role)]
        scopes = [f"scope:{scope}" for scope in principal.scope.split()]
        return AuthCredentials(["authenticated", *roles, *scopes]), NttAuthUser(principal)


class NttAuthUser(BaseUser):
    """A user of Starlette's that a token speaks for."""

    def __init__(self, principal: Principal) -> None:
        """Speak for this principal."""
        self.principal = principal

    @property
    def is_authenticated(self) -> bool:
        """They are."""
        return True

    @property
    def display_name(self) -> str:
        """The address, if the server puts it into tokens, or else the id."""
        return self.principal.email or self.identity

    @property
    def identity(self) -> str:
        """The id."""
        return str(self.principal.user_id)


class RefusedError(AuthenticationError):
    """A token was refused."""

    def __init__(self, error: NttAuthError) -> None:
        """Say why."""
        super().__init__(error.title)
        self.refusal = refusal_of(error)


def refused(connection: HTTPConnection, error: AuthenticationError) -> JSONResponse:  # noqa: ARG001 - as Starlette calls it
    """Answer a token that was refused, for `AuthenticationMiddleware(…, on_error=refused)`."""
    if not isinstance(error, RefusedError):
        raise error
    refusal = error.refusal
    return JSONResponse(refusal.problem, refusal.status, refusal.headers, "application/problem+json")


def _http(error: NttAuthError) -> HTTPException:
    refusal = refusal_of(error)
    return HTTPException(refusal.status, detail=refusal.problem["code"], headers=refusal.headers)
