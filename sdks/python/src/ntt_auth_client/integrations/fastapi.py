"""FastAPI: the current user as a dependency.

```python
verifier = AsyncTokenVerifier("https://auth.example.com", feed_token=os.environ["NTT_AUTH_FEED_TOKEN"])
auth = FastAPIAuth(verifier)
app = FastAPI(lifespan=auth.lifespan)


@app.get("/me")
async def me(user: Annotated[Principal, Depends(auth.user)]) -> dict[str, str]:
    return {"id": str(user.user_id), "role": user.role}


@app.get("/reports", dependencies=[Depends(auth.role("moderator"))])
async def reports() -> list[str]: ...
```
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from ntt_auth_client.integrations.starlette import StarletteAuth
from ntt_auth_client.operations.call import Role
from ntt_auth_client.verification.principal import Principal
from ntt_auth_client.verifier import AsyncTokenVerifier

# Only for the padlock in the OpenAPI document: the token is read and judged below.
_SCHEME = HTTPBearer(auto_error=False, bearerFormat="JWT", scheme_name="ntt-auth")
_Documented = Annotated[HTTPAuthorizationCredentials | None, Depends(_SCHEME)]
Dependency = Callable[..., Awaitable[Principal]]


class FastAPIAuth:
    """Dependencies that tell who sent a request.

    A refusal is answered with 401 without a good token, 403 without role, scope or permission, and 503 if the token
    cannot be judged just now, each with the code as `detail`.
    """

    def __init__(self, verifier: AsyncTokenVerifier) -> None:
        """Judge tokens by this verifier."""
        self.verifier = verifier
        self._auth = StarletteAuth(verifier)

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncGenerator[None, None]:
        """Start the verifier with the application, and close it with it."""
        async with self._auth.lifespan(app):
            yield

    async def user(self, request: Request, _: _Documented = None) -> Principal:
        """Give who sent a request. For `Depends`."""
        return await self._auth.user(request)

    async def optional_user(self, request: Request, _: _Documented = None) -> Principal | None:
        """Give who sent a request, or `None` if it has no token. For `Depends`."""
        return await self._auth.optional_user(request)

    async def websocket_user(self, websocket: WebSocket) -> Principal:
        """Give who opens a WebSocket, by `Authorization` or the subprotocols `["bearer", accessToken]`. For `Depends`.

        Accept it with `subprotocol="bearer"` in the second case.
        """
        return await self._auth.websocket_user(websocket)

    def role(self, role: Role) -> Dependency:
        """Return a dependency that demands this role or a more powerful one, and gives the user."""

        async def with_role(user: Annotated[Principal, Depends(self.user)]) -> Principal:
            return await self._auth.require(user, role=role)

        return with_role

    def scope(self, scope: str) -> Dependency:
        """Return a dependency that demands that the token is for this, and gives the user."""

        async def with_scope(user: Annotated[Principal, Depends(self.user)]) -> Principal:
            return await self._auth.require(user, scope=scope)

        return with_scope

    def permission(self, action: str) -> Dependency:
        """Return a dependency that demands that the role may do this at least to somebody, and gives the user.

        Args:
            action: An action of the table that the server publishes, such as `list_users`.
        """

        async def with_permission(user: Annotated[Principal, Depends(self.user)]) -> Principal:
            return await self._auth.require(user, permission=action)

        return with_permission
