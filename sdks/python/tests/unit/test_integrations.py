"""Web frameworks refuse what a verifier refuses."""

from collections.abc import Iterator
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI, WebSocket
from fastapi.testclient import TestClient
from flask import Flask
from starlette.applications import Starlette
from starlette.authentication import requires
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient as StarletteClient
from starlette.websockets import WebSocketDisconnect

from ntt_auth_client import Principal
from ntt_auth_client.integrations.fastapi import FastAPIAuth
from ntt_auth_client.integrations.flask import FlaskAuth, current_user, optional_user
from ntt_auth_client.integrations.starlette import NttAuthBackend, StarletteAuth, refused
from ntt_auth_client.testing import FakeAsyncTokenVerifier, FakeServer, FakeTokenVerifier


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


class People:
    """A user and a moderator of a server in memory, with their tokens."""

    def __init__(self, server: FakeServer) -> None:
        """Make them."""
        self.server = server
        self.ada = server.add_user("ada@example.com")
        self.user = bearer(server.token_for(self.ada))
        self.moderator = bearer(server.token_for(server.add_user("grace@example.com", role="moderator")))


@pytest.fixture
def people(ntt_fake_server: FakeServer) -> People:
    """Return people with tokens."""
    return People(ntt_fake_server)


@pytest.fixture
def fastapi(ntt_fake_async_verifier: FakeAsyncTokenVerifier) -> Iterator[TestClient]:
    """Return a client of a FastAPI service."""
    auth = FastAPIAuth(ntt_fake_async_verifier)
    app = FastAPI(lifespan=auth.lifespan)

    @app.get("/me")
    async def me(user: Annotated[Principal, Depends(auth.user)]) -> str:
        return user.email or ""

    @app.get("/maybe")
    async def maybe(user: Annotated[Principal | None, Depends(auth.optional_user)]) -> str:
        return "nobody" if user is None else user.role

    @app.get("/role", dependencies=[Depends(auth.role("moderator"))])
    async def role() -> str:
        return "yes"

    @app.get("/scope")
    async def scope(user: Annotated[Principal, Depends(auth.scope("billing"))]) -> str:
        return user.scope

    @app.get("/permission")
    async def permission(user: Annotated[Principal, Depends(auth.permission("list_users"))]) -> str:
        return user.role

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, user: Annotated[Principal, Depends(auth.websocket_user)]) -> None:
        await websocket.accept(subprotocol="bearer" if websocket.scope["subprotocols"] else None)
        await websocket.send_text(user.role)
        await websocket.close()

    with TestClient(app) as client:
        yield client


@pytest.fixture
def starlette(ntt_fake_async_verifier: FakeAsyncTokenVerifier) -> Iterator[StarletteClient]:
    """Return a client of a Starlette service that asks in its routes."""
    auth = StarletteAuth(ntt_fake_async_verifier)

    async def me(request: Request) -> Response:
        return JSONResponse((await auth.user(request)).email)

    async def maybe(request: Request) -> Response:
        user = await auth.optional_user(request)
        return JSONResponse("nobody" if user is None else user.role)

    async def role(request: Request) -> Response:
        await auth.user(request, role="moderator")
        return JSONResponse("yes")

    async def scope(request: Request) -> Response:
        return JSONResponse((await auth.user(request, scope="billing")).scope)

    async def permission(request: Request) -> Response:
        return JSONResponse((await auth.user(request, permission="list_users")).role)

    views = [me, maybe, role, scope, permission]
    routes = [Route(f"/{view.__name__}", view) for view in views]
    with StarletteClient(Starlette(routes=routes, lifespan=auth.lifespan)) as client:
        yield client


@pytest.fixture(params=["fastapi", "starlette"])
def service(request: pytest.FixtureRequest) -> TestClient:
    """Return a client of each."""
    client: TestClient = request.getfixturevalue(request.param)
    return client


def test_a_good_token(service: TestClient, people: People) -> None:
    assert service.get("/me", headers=people.user).json() == "ada@example.com"
    assert service.get("/maybe", headers=people.user).json() == "user"
    assert service.get("/maybe").json() == "nobody"
    # RFC 6750 § 2.1: the scheme is read without regard to case.
    assert service.get(
        "/me", headers={"Authorization": people.user["Authorization"].replace("Bearer", "bearer")}
    ).is_success


@pytest.mark.parametrize("path", ["/me", "/role", "/scope", "/permission"])
def test_no_token(service: TestClient, path: str) -> None:
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}):
        answer = service.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    # A token in an address is not read.
    assert service.get(path, params={"access_token": "x"}).status_code == 401


def test_a_token_that_is_not_good(service: TestClient, people: People) -> None:
    revoked = dict(people.user)
    people.server.end_sessions(people.ada)
    for headers in (revoked, bearer("a.b.c"), bearer(people.server.token_for(people.ada, exp=1))):
        for path in ("/me", "/maybe"):
            answer = service.get(path, headers=headers)
            assert answer.status_code == 401
            assert "invalid_token" in answer.headers["www-authenticate"]
            assert headers["Authorization"][7:] not in answer.text


def test_role_scope_and_permission(service: TestClient, people: People) -> None:
    for path in ("/role", "/permission", "/scope"):
        assert service.get(path, headers=people.user).status_code == 403
    assert service.get("/role", headers=people.moderator).json() == "yes"
    assert service.get("/permission", headers=people.moderator).json() == "moderator"
    billing = bearer(people.server.token_for(people.ada, scope="account billing"))
    assert service.get("/scope", headers=billing).json() == "account billing"


def test_a_server_that_is_away_signs_nobody_out(service: TestClient, people: People) -> None:
    people.server.fail("connect", times=2)
    answer = service.get("/me", headers=people.user)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1


def test_a_websocket(fastapi: TestClient, people: People) -> None:
    with fastapi.websocket_connect("/socket", headers=people.user) as socket:
        assert socket.receive_text() == "user"
    token = people.moderator["Authorization"][7:]
    with fastapi.websocket_connect("/socket", subprotocols=["bearer", token]) as socket:
        assert socket.accepted_subprotocol == "bearer"
        assert socket.receive_text() == "moderator"


def test_a_websocket_that_is_refused(fastapi: TestClient, people: People) -> None:
    with pytest.raises(WebSocketDisconnect) as closed, fastapi.websocket_connect("/socket"):
        pass
    assert (closed.value.code, closed.value.reason) == (1008, "token_missing")
    people.server.fail("connect")
    with pytest.raises(WebSocketDisconnect) as closed, fastapi.websocket_connect("/socket", headers=people.user):
        pass
    assert closed.value.code == 1013


def test_openapi_shows_the_padlock(fastapi: TestClient) -> None:
    operations = fastapi.get("/openapi.json").json()["paths"]
    for path in ("/me", "/maybe", "/role", "/scope", "/permission"):
        assert operations[path]["get"]["security"] == [{"ntt-auth": []}]
        assert "parameters" not in operations[path]["get"]


def test_the_middleware_of_starlette(ntt_fake_async_verifier: FakeAsyncTokenVerifier, people: People) -> None:
    async def me(request: Request) -> Response:
        user = request.user
        return JSONResponse([user.is_authenticated, user.display_name, user.is_authenticated and user.identity])

    @requires("role:moderator")
    async def moderators(request: Request) -> Response:
        return JSONResponse(sorted(request.auth.scopes))

    middleware = Middleware(AuthenticationMiddleware, backend=NttAuthBackend(ntt_fake_async_verifier), on_error=refused)
    app = Starlette(routes=[Route("/me", me), Route("/moderators", moderators)], middleware=[middleware])
    with StarletteClient(app) as client:
        assert client.get("/me").json() == [False, "", False]
        assert client.get("/me", headers=people.user).json() == [True, "ada@example.com", str(people.ada)]
        assert client.get("/moderators", headers=people.user).status_code == 403
        scopes = client.get("/moderators", headers=people.moderator).json()
        assert scopes == ["authenticated", "role:guest", "role:moderator", "role:user", "scope:account"]
        answer = client.get("/me", headers=bearer("a.b.c"))
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
        assert answer.headers["content-type"] == "application/problem+json"


def test_flask(ntt_fake_verifier: FakeTokenVerifier, people: People) -> None:
    app = Flask(__name__)
    auth = FlaskAuth(ntt_fake_verifier, app)

    @app.get("/me")
    @auth.required
    def me() -> str:
        assert current_user() is current_user()
        return current_user().email or ""

    @app.get("/maybe")
    def maybe() -> str:
        user = optional_user()
        return "nobody" if user is None else user.role

    @app.get("/role")
    @auth.role("moderator")
    def role() -> str:
        return "yes"

    @app.get("/scope")
    @auth.scope("billing")
    def scope() -> str:
        return "yes"

    @app.get("/permission")
    @auth.permission("list_users")
    def permission() -> str:
        return "yes"

    client = app.test_client()
    assert client.get("/me", headers=people.user).text == "ada@example.com"
    assert client.get("/maybe").text == "nobody"
    assert client.get("/maybe", headers=people.user).text == "user"
    for path in ("/me", "/role", "/scope", "/permission"):
        missing = client.get(path)
        assert (missing.status_code, missing.headers["WWW-Authenticate"]) == (401, "Bearer")
    for path in ("/role", "/scope", "/permission"):
        assert client.get(path, headers=people.user).status_code == 403
    assert client.get("/role", headers=people.moderator).text == "yes"
    assert client.get("/permission", headers=people.moderator).text == "yes"
    invalid = client.get("/maybe", headers=bearer("a.b.c"))
    assert (invalid.status_code, invalid.json["code"]) == (401, "token_invalid")  # type: ignore[index]
    assert invalid.content_type == "application/problem+json"
