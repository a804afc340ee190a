"""What a token store holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """The tokens of a session. Neither is shown by `repr`."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    session_id: str
    user_id: str
    expires_at: float
    """When the access token expires: seconds since 1970 by the server's clock."""
    lifetime: float
    """How long the access token lives altogether, in seconds."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A session, if there is one, and the token by which the server knows this device, which outlives sessions."""

    session: SessionTokens | None = None
    device_token: str | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return it as what JSON can say. This shows the tokens."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Credentials:
        """Return what `to_dict` was made of; `ValueError` if it is something else."""
        try:
            session = value["session"]
            return cls(SessionTokens(**session) if session is not None else None, value["device_token"])
        except (KeyError, TypeError) as error:
            raise ValueError("these are no credentials of a token store") from error
