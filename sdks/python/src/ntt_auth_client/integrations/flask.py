"""Flask: the current user of a request.

```python
auth = FlaskAuth(TokenVerifier("https://auth.example.com", feed_token=os.environ["NTT_AUTH_FEED_TOKEN"]))
app = Flask(__name__)
auth.init_app(app)


@app.get("/me")
@auth.required
def me() -> dict[str, str]:
    return {"id": str(current_user().user_id), "role": current_user().role}


@app.get("/reports")
@auth.role("moderator")
def reports() -> list[str]: ...
```
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import Flask, Response, current_app, g, request

from ntt_auth_client.blocking_verifier import TokenVerifier
from ntt_auth_client.errors import NttAuthError
from ntt_auth_client.integrations.bearer import bearer_token, missing, refusal_of
from ntt_auth_client.operations.call import Role
from ntt_auth_client.verification.principal import Principal

P = ParamSpec("P")
R = TypeVar("R")
EXTENSION = "ntt_auth"


class FlaskAuth:
    """Tells who sent a request, and refuses those that may not be answered.

    A refusal is a problem (RFC 9457): 401 without a good token, 403 without role, scope or permission, and 503 if the
    token cannot be judged just now.
    """

    def __init__(self, verifier: TokenVerifier, app: Flask | None = None) -> None:
        """Judge tokens by this verifier, for this application or those of `init_app`."""
        self.verifier = verifier
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Answer refusals in an application."""
        app.extensions[EXTENSION] = self
        app.register_error_handler(NttAuthError, answered)

    def user(self) -> Principal:
        """Return who sent the request; raises `TokenMissingError` without a token, and why a token is refused."""
        user = self.optional_user()
        if user is None:
            raise missing()
        return user

    def optional_user(self) -> Principal | None:
        """Return who sent the request; `None` if it has no token. One that is not good is refused all the same."""
        held = cast("Principal | None", g.get("ntt_auth_user"))
        if held is not None:
            return held
        token = bearer_token(request.headers.get("Authorization"))
        if token is None:
            return None
        user = self.verifier.verify(token)
        g.ntt_auth_user = user
        return user

    def required(self, view: Callable[P, R]) -> Callable[P, R]:
        """Demand a good token for a view."""
        return self._demanding(view, lambda _: None)

    def role(self, role: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Demand this role or a more powerful one for a view."""
        return lambda view: self._demanding(view, lambda user: user.require_role(role))

    def scope(self, scope: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Demand for a view that the token is for this."""
        return lambda view: self._demanding(view, lambda user: user.require_scope(scope))

    def permission(self, action: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Demand for a view that the role may do this at least to somebody, such as `list_users`."""
        return lambda view: self._demanding(view, lambda user: self.verifier.require_permission(user, action))

    def _demanding(self, view: Callable[P, R], demand: Callable[[Principal], None]) -> Callable[P, R]:
        @wraps(view)
        def demanding(*args: P.args, **kwargs: P.kwargs) -> R:
            demand(self.user())
            result: R = current_app.ensure_sync(view)(*args, **kwargs)
            return result

        return demanding


def current_user() -> Principal:
    """Return who sent the request."""
    return _extension().user()


def optional_user() -> Principal | None:
    """Return who sent the request; `None` if it has no token."""
    return _extension().optional_user()


def answered(error: NttAuthError) -> Response:
    """Answer a request that is refused."""
    refusal = refusal_of(error)
    response = Response(json.dumps(refusal.problem), refusal.status, content_type="application/problem+json")
    response.headers.update(refusal.headers)
    return response


def _extension() -> FlaskAuth:
    extension: FlaskAuth = current_app.extensions[EXTENSION]
    return extension
