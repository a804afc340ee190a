"""Client of the authentication server ntt-auth: sign in, stay signed in, and validate access tokens locally."""

from ntt_auth_client._core.retry import RetryPolicy
from ntt_auth_client._core.settings import SessionEvent
from ntt_auth_client.blocking_verifier import TokenVerifier
from ntt_auth_client.client import AsyncAuthClient, AuthClient
from ntt_auth_client.errors import (
    AuthenticationError,
    ConflictError,
    FieldError,
    InvalidRequestError,
    NetworkError,
    NotFoundError,
    NttAuthError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    SessionExpiredError,
    UnexpectedAnswerError,
    ValidationError,
)
from ntt_auth_client.operations.call import UNSET
from ntt_auth_client.operations.revocations import RevocationEvent
from ntt_auth_client.stores import (
    AsyncTokenStore,
    Credentials,
    FileTokenStore,
    KeyringTokenStore,
    MemoryTokenStore,
    SessionTokens,
    TokenStore,
)
from ntt_auth_client.verification.principal import ROLES, Principal
from ntt_auth_client.verifier import AsyncTokenVerifier
from ntt_auth_client.version import VERSION

__version__ = VERSION

__all__ = [
    "ROLES",
    "UNSET",
    "AsyncAuthClient",
    "AsyncTokenStore",
    "AsyncTokenVerifier",
    "AuthClient",
    "AuthenticationError",
    "ConflictError",
    "Credentials",
    "FieldError",
    "FileTokenStore",
    "InvalidRequestError",
    "KeyringTokenStore",
    "MemoryTokenStore",
    "NetworkError",
    "NotFoundError",
    "NttAuthError",
    "PermissionDeniedError",
    "Principal",
    "RateLimitedError",
    "RetryPolicy",
    "RevocationEvent",
    "ServerError",
    "SessionEvent",
    "SessionExpiredError",
    "SessionTokens",
    "TokenStore",
    "TokenVerifier",
    "UnexpectedAnswerError",
    "ValidationError",
    "__version__",
]
