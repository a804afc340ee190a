"""What views demand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Concatenate, ParamSpec, TypeVar, cast

from asgiref.sync import sync_to_async
from django.http import HttpRequest

from ntt_auth_client.integrations.django.user import principal_of
from ntt_auth_client.integrations.django.verifiers import get_verifier
from ntt_auth_client.operations.call import Role
from ntt_auth_client.verification.principal import Principal

P = ParamSpec("P")
R = TypeVar("R")
View = Callable[Concatenate[HttpRequest, P], R]


def login_required(view: View[P, R]) -> View[P, R]:
    """Demand a good token for a view: 401 without one, where Django's own decorator redirects to a page."""
    return _demanding(view, lambda _: None)


def role_required(role: Role) -> Callable[[View[P, R]], View[P, R]]:
    """Demand this role or a more powerful one for a view."""
    return lambda view: _demanding(view, lambda user: user.require_role(role))


def scope_required(scope: str) -> Callable[[View[P, R]], View[P, R]]:
    """Demand for a view that the token is for this."""
    return lambda view: _demanding(view, lambda user: user.require_scope(scope))


def permission_required(action: str) -> Callable[[View[P, R]], View[P, R]]:
    """Demand for a view that the role may do this at least to somebody, such as `list_users`."""
    return lambda view: _demanding(view, lambda user: get_verifier().require_permission(user, action))


def _demanding(view: View[P, R], demand: Callable[[Principal], None]) -> View[P, R]:
    if iscoroutinefunction(view):

        @wraps(view)
        async def demanding_async(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> object:
            await sync_to_async(demand, thread_sensitive=False)(principal_of(request))
            return await cast("Awaitable[object]", view(request, *args, **kwargs))

        return cast("View[P, R]", demanding_async)

    @wraps(view)
    def demanding(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
        demand(principal_of(request))
        return view(request, *args, **kwargs)

    return demanding
