"""The middleware that judges the token of each request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any, cast

from asgiref.sync import markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from ntt_auth_client.errors import NttAuthError
from ntt_auth_client.integrations.bearer import bearer_token, refusal_of
from ntt_auth_client.integrations.django.user import TokenUser
from ntt_auth_client.integrations.django.verifiers import get_verifier

Next = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class NttAuthMiddleware:
    """Sets `request.principal`, and `request.user` if there is a token; refuses a token that is not good.

    Put it after Django's `AuthenticationMiddleware`, if that is used: a request without a token is left to it.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Next) -> None:
        """Stand before the rest."""
        self._next = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(cast("Any", self))

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Judge the token of a request, and go on."""
        if self._is_async:
            return self._call_async(request)
        refused = judged(request)
        return refused or cast("HttpResponseBase", self._next(request))

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        # The verifier may have to ask for keys.
        refused = await sync_to_async(judged, thread_sensitive=False)(request)
        return refused or await cast("Awaitable[HttpResponseBase]", self._next(request))

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:  # noqa: ARG002 - as Django calls it
        """Answer what a view raises for want of a token, a role, a scope or a permission."""
        return answered(exception) if isinstance(exception, NttAuthError) else None


def judged(request: HttpRequest) -> HttpResponse | None:
    """Set who sent a request; return an answer if the token is refused."""
    attributes = cast("Any", request)
    attributes.principal = None
    token = bearer_token(request.headers.get("Authorization"))
    if token is None:
        return None
    try:
        principal = get_verifier().verify(token)
    except NttAuthError as error:
        return answered(error)
    attributes.principal = principal
    attributes.user = TokenUser(principal)
    return None


def answered(error: NttAuthError) -> HttpResponse:
    """Answer a request that is refused."""
    refusal = refusal_of(error)
    return JsonResponse(
        refusal.problem, status=refusal.status, headers=refusal.headers, content_type="application/problem+json"
    )
