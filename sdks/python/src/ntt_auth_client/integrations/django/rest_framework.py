"""Django REST framework: authentication and permissions.

```python
class Me(APIView):
    authentication_classes = [NttAuthentication]
    permission_classes = [IsAuthenticated]


class Reports(APIView):
    authentication_classes = [NttAuthentication]
    permission_classes = [has_role("moderator")]
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from ntt_auth_client.errors import NttAuthError, PermissionDeniedError
from ntt_auth_client.integrations.bearer import bearer_token, refusal_of
from ntt_auth_client.integrations.django.user import TokenUser
from ntt_auth_client.integrations.django.verifiers import get_verifier
from ntt_auth_client.operations.call import Role
from ntt_auth_client.verification.principal import Principal

if TYPE_CHECKING:
    # It reads `DEFAULT_AUTHENTICATION_CLASSES`, which may name a class of this very module.
    from rest_framework.views import APIView


class NttAuthentication(BaseAuthentication):
    """Judges access tokens: `request.user` is a `TokenUser`, `request.auth` the `Principal`. It needs no middleware."""

    def authenticate(self, request: Request) -> tuple[TokenUser, Principal] | None:
        """Return who sent a request; `None` if it has no token."""
        token = bearer_token(request.headers.get("Authorization"))
        if token is None:
            return None
        try:
            principal = get_verifier().verify(token)
        except NttAuthError as error:
            raise _raised(error) from error
        return TokenUser(principal), principal

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - as the framework calls it
        """Return the challenge of a 401."""
        return "Bearer"


class UnjudgedError(APIException):
    """The token cannot be judged just now."""

    status_code = 503
    default_detail = "The token cannot be judged just now."
    default_code = "unavailable"

    def __init__(self, error: NttAuthError) -> None:
        """Say when to come again."""
        refusal = refusal_of(error)
        super().__init__(refusal.problem["title"], refusal.problem["code"])
        # The framework writes it into `Retry-After`.
        self.wait = int(refusal.headers["Retry-After"])


def has_role(role: Role) -> type[BasePermission]:
    """Return a permission class that demands this role or a more powerful one."""

    class HasRole(BasePermission):
        """Demands a role."""

        def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002 - as the framework calls it
            """Whether the user has it."""
            return isinstance(request.auth, Principal) and request.auth.has_role(role)

    return HasRole


def has_scope(scope: str) -> type[BasePermission]:
    """Return a permission class that demands that the token is for this."""

    class HasScope(BasePermission):
        """Demands a scope."""

        def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002 - as the framework calls it
            """Whether the token has it."""
            return isinstance(request.auth, Principal) and request.auth.has_scope(scope)

    return HasScope


def may(action: str) -> type[BasePermission]:
    """Return a permission class that demands that the role may do this at least to somebody, such as `list_users`."""

    class May(BasePermission):
        """Demands a permission."""

        def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002 - as the framework calls it
            """Whether the role has it."""
            if not isinstance(request.auth, Principal):
                return False
            try:
                get_verifier().require_permission(request.auth, action)
            except PermissionDeniedError:
                return False
            except NttAuthError as error:
                raise UnjudgedError(error) from error
            return True

    return May


def _raised(error: NttAuthError) -> APIException:
    refusal = refusal_of(error)
    if refusal.status == 503:
        return UnjudgedError(error)
    return AuthenticationFailed(refusal.problem["title"], refusal.problem["code"])
