"""What all models have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

SECRETS = frozenset(
    {
        "access_token",
        "csrf_token",
        "current_password",
        "device_token",
        "html",
        "links",
        "new_password",
        "password",
        "refresh_token",
        "setup_url",
        "text",
        "token",
    }
)
"""Fields that hold a secret, or a link or a letter with one in it."""


class Model(BaseModel):
    """A schema of the API: fields in snake_case here, in camelCase on the wire. What newer servers add is let pass."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)

    __test__: ClassVar[bool] = False
    """`TestClock` and `TestReset` are no tests."""

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Show no secret."""
        for name, value in super().__repr_args__():
            yield name, "***" if name in SECRETS and value else value
