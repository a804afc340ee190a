"""Django and its REST framework refuse what a verifier refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import django
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path

from ntt_auth_client import Principal
from ntt_auth_client.testing import FakeServer
from unit.test_integrations import People, bearer

if not settings.configured:
    settings.configure(
        ROOT_URLCONF=__name__,
        SECRET_KEY="of a test",
        ALLOWED_HOSTS=["*"],
        MIDDLEWARE=["ntt_auth_client.integrations.django.NttAuthMiddleware"],
        INSTALLED_APPS=["rest_framework"],
        REST_FRAMEWORK={"UNAUTHENTICATED_USER": None},
    )
    django.setup()

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ntt_auth_client.integrations.django import (
    close_verifier,
    get_verifier,
    login_required,
    optional_principal,
    permission_required,
    principal_of,
    role_required,
    scope_required,
)
from ntt_auth_client.integrations.django.rest_framework import NttAuthentication, has_role, has_scope, may


def maybe(request: HttpRequest) -> HttpResponse:
    """Answer anybody."""
    user = optional_principal(request)
    return JsonResponse({"role": None if user is None else user.role})


@login_required
def me(request: HttpRequest) -> HttpResponse:
    """Answer whoever has a token."""
    user: Any = request.user
    flags = [user.is_authenticated, user.is_anonymous, user.is_active, user.is_staff, user.is_superuser]
    names = [user.pk, user.id, user.get_username(), str(user), user.role]
    return JsonResponse({"id": str(principal_of(request).user_id), "flags": flags, "names": names})


@role_required("moderator")
async def role(request: HttpRequest) -> HttpResponse:
    """Answer moderators, in an event loop."""
    return JsonResponse({"role": principal_of(request).role})


@scope_required("billing")
def scope(request: HttpRequest) -> HttpResponse:
    """Answer tokens for billing."""
    return JsonResponse({"scope": principal_of(request).scope})


@permission_required("list_users")
def permission(request: HttpRequest) -> HttpResponse:
    """Answer those who may list users."""
    return JsonResponse({"role": principal_of(request).role})


def broken(request: HttpRequest) -> HttpResponse:
    """Fail for another reason."""
    raise LookupError(request.path)


class View(APIView):
    """Answers whoever has a token, by the REST framework."""

    authentication_classes = [NttAuthentication]  # noqa: RUF012 - as the framework wants it
    permission_classes = [IsAuthenticated]  # noqa: RUF012

    def get(self, request: Request) -> Response:
        """Answer."""
        principal = request.auth
        assert isinstance(principal, Principal)
        return Response({"id": request.user.pk, "role": principal.role})


class Moderators(View):
    """Answers moderators."""

    permission_classes = [has_role("moderator"), may("list_users")]  # noqa: RUF012


class Billing(View):
    """Answers tokens for billing."""

    permission_classes = [has_scope("billing")]  # noqa: RUF012


urlpatterns = [
    path("maybe", maybe),
    path("me", me),
    path("role", role),
    path("scope", scope),
    path("permission", permission),
    path("broken", broken),
    path("rest", View.as_view()),
    path("rest/moderators", Moderators.as_view()),
    path("rest/billing", Billing.as_view()),
]


@pytest.fixture
def people(ntt_fake_server: FakeServer) -> Iterator[People]:
    """Return people with tokens of the server that the settings name."""
    described = {"URL": ntt_fake_server.url, "TRANSPORT": ntt_fake_server.transport, "CLOCK": ntt_fake_server.clock}
    with override_settings(NTT_AUTH=described):
        yield People(ntt_fake_server)
    close_verifier()


def test_the_middleware(people: People) -> None:
    client = Client()
    assert client.get("/maybe").json() == {"role": None}
    assert client.get("/maybe", headers=people.user).json() == {"role": "user"}
    said = client.get("/me", headers=people.user).json()
    ada = str(people.ada)
    assert said == {
        "id": ada,
        "flags": [True, False, True, False, False],
        "names": [ada, ada, "ada@example.com", "ada@example.com", "user"],
    }
    for where in ("/me", "/role", "/scope", "/permission"):
        missing = client.get(where)
        assert (missing.status_code, missing.headers["WWW-Authenticate"]) == (401, "Bearer")
    for where in ("/role", "/scope", "/permission"):
        refused = client.get(where, headers=people.user)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert client.get("/role", headers=people.moderator).json() == {"role": "moderator"}
    assert client.get("/permission", headers=people.moderator).json() == {"role": "moderator"}
    billing = bearer(people.server.token_for(people.ada, scope="billing"))
    assert client.get("/scope", headers=billing).json() == {"scope": "billing"}
    invalid = client.get("/maybe", headers=bearer("a.b.c"))
    assert (invalid.status_code, invalid.json()["code"]) == (401, "token_invalid")
    assert invalid.headers["Content-Type"] == "application/problem+json"


def test_the_middleware_in_an_event_loop(people: People) -> None:
    async def ask() -> None:
        client = AsyncClient()
        answer = await client.get("/role", headers=people.moderator)
        assert answer.json() == {"role": "moderator"}
        assert (await client.get("/role")).status_code == 401
        assert (await client.get("/me", headers=bearer("a.b.c"))).status_code == 401

    asyncio.run(ask())


def test_other_errors_are_left_alone(people: People) -> None:
    with pytest.raises(LookupError):
        Client().get("/broken", headers=people.user)


def test_a_server_that_is_away_signs_nobody_out(people: People) -> None:
    people.server.fail("connect", times=2)
    for where in ("/me", "/rest"):
        answer = Client().get(where, headers=people.user)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"


def test_the_rest_framework(people: People) -> None:
    client = Client()
    assert client.get("/rest", headers=people.user).json() == {"id": str(people.ada), "role": "user"}
    missing = client.get("/rest")
    assert (missing.status_code, missing.headers["WWW-Authenticate"]) == (401, "Bearer")
    for where in ("/rest/moderators", "/rest/billing"):
        assert client.get(where, headers=people.user).status_code == 403
        assert client.get(where).status_code == 401
    assert client.get("/rest/moderators", headers=people.moderator).json()["role"] == "moderator"
    over = bearer(people.server.token_for(people.ada, exp=1))
    assert client.get("/rest", headers=over).status_code == 401


def test_the_rest_framework_without_the_table_of_permissions(people: People) -> None:
    assert Client().get("/rest/billing", headers=people.moderator).status_code == 403
    people.server.fail("unavailable")
    assert Client().get("/rest/moderators", headers=people.moderator).status_code == 503


@pytest.mark.parametrize("described", [None, {}, {"URL": "no address"}, {"URL": "http://auth.fake", "COLOR": "red"}])
def test_settings_that_are_wrong(described: object) -> None:
    with override_settings(NTT_AUTH=described):
        close_verifier()
        with pytest.raises(ImproperlyConfigured, match="NTT_AUTH"):
            get_verifier()
