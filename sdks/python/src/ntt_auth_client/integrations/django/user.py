"""The user that a token speaks for."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from ntt_auth_client.integrations.bearer import missing
from ntt_auth_client.operations.call import Role
from ntt_auth_client.verification.principal import Principal


class TokenUser:
    """What Django and its REST framework ask of a user, for somebody who is not in Django's database."""

    is_authenticated = True
    is_anonymous = False
    is_active = True

    def __init__(self, principal: Principal) -> None:
        """Speak for this principal."""
        self.principal = principal

    def __str__(self) -> str:
        """Return the address, if the server puts it into tokens, or else the id."""
        return self.principal.email or str(self.principal.user_id)

    @property
    def pk(self) -> str:
        """The id."""
        return str(self.principal.user_id)

    @property
    def id(self) -> str:
        """The id."""
        return self.pk

    @property
    def is_staff(self) -> bool:
        """Whether they are an administrator."""
        return self.principal.has_role("admin")

    @property
    def is_superuser(self) -> bool:
        """Whether they are a super administrator."""
        return self.principal.has_role("super_admin")

    @property
    def role(self) -> Role:
        """Their role."""
        return self.principal.role

    def get_username(self) -> str:
        """Return what `str` does."""
        return str(self)


def optional_principal(request: HttpRequest) -> Principal | None:
    """Return who sent a request; `None` if it has no token."""
    return cast("Principal | None", getattr(request, "principal", None))


def principal_of(request: HttpRequest) -> Principal:
    """Return who sent a request; raises `TokenMissingError`, which becomes a 401, if it has no token."""
    principal = optional_principal(request)
    if principal is None:
        raise missing()
    return principal
