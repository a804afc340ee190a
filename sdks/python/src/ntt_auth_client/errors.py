"""What can go wrong, as a tree of exceptions.

Catch a *group* (`AuthenticationError`, `ValidationError`, …) to handle a kind of trouble, or the class of one *code* to
handle exactly that. Every code of the server has one class, named after it: `rate_limited` is `RateLimitedError`
(`timeout` is `RequestTimeoutError`, as Python has a `TimeoutError`). A code that this version does not know becomes the
group of its status.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with an input."""

    field: str
    """JSON Pointer (RFC 6901) into the body; for a query, `/` and the parameter's name."""
    code: str
    """What programs branch on, in `snake_case`."""
    message: str
    """One sentence for people."""


class NttAuthError(Exception):
    """Everything this package raises about an operation.

    Attributes:
        operation: What was attempted, such as `auth.login`.
        code: The server's code; `None` where no server answered, or none of ours.
        status: The status of the answer; `None` where there was none.
        request_id: Names the request in the server's log, when asking for help.
        title: A short summary, the same for every occurrence of the code.
        detail: What happened this time.
        hint: What to do next.
        retry_after: Seconds after which to try again, where the server says so.
        errors: What is wrong with the input, field by field.
    """

    default_code: ClassVar[str | None] = None
    default_title: ClassVar[str] = "Something went wrong"
    default_hint: ClassVar[str] = "Look at the code and ask whoever runs the server, naming the request id."

    def __init__(  # noqa: PLR0913 - the fields of a problem
        self,
        detail: str = "",
        *,
        operation: str = "",
        code: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        title: str | None = None,
        hint: str | None = None,
        retry_after: float | None = None,
        errors: tuple[FieldError, ...] = (),
    ) -> None:
        """Describe it; what is left out is told by the class."""
        self.operation = operation
        self.code = code if code is not None else self.default_code
        self.status = status
        self.request_id = request_id
        self.title = title if title is not None else self.default_title
        self.detail = detail
        self.hint = hint if hint is not None else self.default_hint
        self.retry_after = retry_after
        self.errors = errors
        super().__init__(detail)

    def __str__(self) -> str:
        """Tell operation, code, request id, and what to do next."""
        where = f"{self.operation}: " if self.operation else ""
        status = f" ({self.status})" if self.status is not None else ""
        fields = "".join(f"\n  {error.field}: {error.message} [{error.code}]" for error in self.errors)
        request = f"\n  request id: {self.request_id}" if self.request_id else ""
        name = self.code or type(self).__name__
        return f"{where}{name}{status}: {self.detail or self.title}{fields}{request}\n  what to do: {self.hint}"

    def __repr__(self) -> str:
        """Tell what identifies it."""
        return (
            f"{type(self).__name__}(operation={self.operation!r}, code={self.code!r}, status={self.status!r}, "
            f"request_id={self.request_id!r})"
        )

    def named(self, operation: str) -> Self:
        """Return the same error as another operation's: one refresh may fail for many calls."""
        error = type(self).__new__(type(self), self.detail)
        error.__dict__.update(self.__dict__)
        error.operation = operation
        return error

    def __reduce__(self) -> tuple[object, ...]:
        """Keep every field when copied to another process."""
        return (_restored, (type(self), dict(self.__dict__)))


def _restored(kind: type[NttAuthError], fields: dict[str, object]) -> NttAuthError:
    error = kind.__new__(kind, fields["detail"])
    error.__dict__.update(fields)
    return error


# Groups


class NetworkError(NttAuthError):
    """No answer came. Whether the request took effect is not known, but where a class says so."""

    default_title = "The server could not be reached"
    default_hint = "Check the network and the server's address, then try again."


class AuthenticationError(NttAuthError):
    """Who asks is not known, or not any more (401)."""

    default_title = "Authentication is needed"
    default_hint = "Sign in, then try again."


class SessionExpiredError(AuthenticationError):
    """The session is over: its tokens were dropped, and nothing but signing in helps."""

    default_title = "The session is over"
    default_hint = "Sign in again."


class PermissionDeniedError(NttAuthError):
    """Who asks may not do this (403)."""

    default_title = "This is not permitted"
    default_hint = "Ask an administrator for the permission."


class InvalidRequestError(NttAuthError):
    """The request cannot be taken as it is, whatever its fields say (400, and 4xx without a group of its own)."""

    default_title = "The request cannot be taken"
    default_hint = "This is a defect of whoever made the request; compare the versions of client and server."


class ValidationError(NttAuthError):
    """What was given is not acceptable; `errors` names the fields (422)."""

    default_title = "The request is not acceptable"
    default_hint = "Correct what `errors` names and send it again."


class NotFoundError(NttAuthError):
    """There is no such thing, or it is not yours to see (404 `not_found`, and 410)."""

    default_code = "not_found"
    default_title = "There is nothing here"
    default_hint = "Check the id. What you may not see is answered in the same way."


class ConflictError(NttAuthError):
    """The state of things forbids it (409 `conflict`)."""

    default_code = "conflict"
    default_title = "The state does not permit this"
    default_hint = "Read the present state and decide anew."


class RateLimitedError(NttAuthError):
    """Too many requests, or too many wrong passwords (429 `rate_limited`)."""

    default_code = "rate_limited"
    default_title = "Too many requests"
    default_hint = "Wait for as many seconds as `retry_after` says, then try again."


class ServerError(NttAuthError):
    """The server could not do it though the request may be good (5xx)."""

    default_title = "The server could not do it"
    default_hint = "Try again later; if it goes on, tell whoever runs the server the request id."


class UnexpectedAnswerError(NttAuthError):
    """What came back is no answer of this server: not JSON, empty, cut off, or of another shape."""

    default_title = "The answer is not one of this server"
    default_hint = "Check that the address is that of ntt-auth, and what proxies stand before it; compare versions."


# The network


class ConnectionFailedError(NetworkError):
    """No connection was made, so the request was not executed."""

    default_title = "No connection could be made"
    default_hint = "Check that the server runs and that its address and port are right."


class NameResolutionError(NetworkError):
    """The server's name has no address, so the request was not executed."""

    default_title = "The server's name could not be resolved"
    default_hint = "Check the spelling of the address and the name service."


class TimedOutError(NetworkError):
    """No answer came in time. The request may have been executed."""

    default_title = "The server did not answer in time"
    default_hint = "Try again; raise `timeout` if the server is known to be slow."


class ConnectionLostError(NetworkError):
    """The connection broke before the answer was whole. The request may have been executed."""

    default_title = "The connection was lost"
    default_hint = "Look whether the request took effect before sending it again."


class ClientClosedError(NttAuthError):
    """The client was closed. Nothing was sent."""

    default_title = "The client is closed"
    default_hint = "Make a new client, or close this one later."


# One class for every code of the server


class MalformedRequestError(InvalidRequestError):
    """`malformed_request` (400): the request cannot be read."""

    default_code = "malformed_request"
    default_title = "The request cannot be read"
    default_hint = "This is a defect of whoever made the request: check its JSON, ids and cursors."


class ValidationFailedError(ValidationError):
    """`validation_failed` (422): one or more fields are not acceptable; `errors` names them."""

    default_code = "validation_failed"


class InvalidCredentialsError(AuthenticationError):
    """`invalid_credentials` (401): no such account, or another password. Which of both is not told."""

    default_code = "invalid_credentials"
    default_title = "The credentials were refused"
    default_hint = "Ask for the password again, or offer `auth.forgot_password`."


class EmailNotVerifiedError(AuthenticationError):
    """`email_not_verified` (401): the password is right, but the address was not verified."""

    default_code = "email_not_verified"
    default_title = "The email address must be verified first"
    default_hint = "Follow the link in the mail, or ask for another one with `auth.resend_verification`."


class TokenMissingError(AuthenticationError):
    """`token_missing` (401): the request held no access token."""

    default_code = "token_missing"
    default_title = "An access token is needed"
    default_hint = "Send the access token as `Authorization: Bearer …`."


class TokenExpiredError(AuthenticationError):
    """`token_expired` (401): the access token's time is over."""

    default_code = "token_expired"
    default_title = "The access token has expired"
    default_hint = "Refresh it, or sign in again."


class TokenInvalidError(AuthenticationError):
    """`token_invalid` (401): what was sent is no access token of this server."""

    default_code = "token_invalid"
    default_title = "The access token is not valid"
    default_hint = (
        "Sign in again. If it happens to all tokens, compare issuer and audience with the server's configuration."
    )


class TokenRevokedError(AuthenticationError):
    """`token_revoked` (401): the session was ended, or the role of its holder changed."""

    default_code = "token_revoked"
    default_title = "The access token was revoked"
    default_hint = "Refresh it; if that is refused, sign in again."


class RefreshTokenReusedError(SessionExpiredError):
    """`refresh_token_reused` (401): somebody else may hold a copy, so the session was ended."""

    default_code = "refresh_token_reused"
    default_title = "The refresh token was used before"
    default_hint = "Sign in again. If nobody stole anything, look for a program that shares tokens but not their store."


class RefreshTokenExpiredError(SessionExpiredError):
    """`refresh_token_expired` (401): the session was not used for too long, or has reached its greatest age."""

    default_code = "refresh_token_expired"
    default_title = "The refresh token has expired"


class RefreshTokenInvalidError(SessionExpiredError):
    """`refresh_token_invalid` (401): its session was ended, or it is no refresh token of this server."""

    default_code = "refresh_token_invalid"
    default_title = "The refresh token is not valid"


class ForbiddenError(PermissionDeniedError):
    """`forbidden` (403): the role does not permit it."""

    default_code = "forbidden"


class CsrfRefusedError(PermissionDeniedError):
    """`csrf_refused` (403): browser mode, and the request may not come from the application's own page."""

    default_code = "csrf_refused"
    default_title = "The cookie may not be used like this"
    default_hint = "Send the session's CSRF token from a page of a configured origin."


class MethodNotAllowedError(InvalidRequestError):
    """`method_not_allowed` (405): the address does not know the method."""

    default_code = "method_not_allowed"
    default_title = "The method is not known here"
    default_hint = "Check that the address is that of ntt-auth, and compare the versions of client and server."


class RequestTimeoutError(InvalidRequestError):
    """`timeout` (408): the request did not arrive whole in time."""

    default_code = "timeout"
    default_title = "The request took too long to arrive"
    default_hint = "Try again on a better connection, or send less at one time."


class CursorGoneError(NotFoundError):
    """`cursor_gone` (410): what came after the cursor cannot be told any more."""

    default_code = "cursor_gone"
    default_title = "What comes after this cursor is not known any more"
    default_hint = "Begin again without a cursor."


class LastSuperAdminError(ConflictError):
    """`last_super_admin` (409): nobody would be left who may do everything."""

    default_code = "last_super_admin"
    default_title = "The last super admin must stay"
    default_hint = "Make another super administrator first."


class PayloadTooLargeError(InvalidRequestError):
    """`payload_too_large` (413): the body is greater than the server reads."""

    default_code = "payload_too_large"
    default_title = "The body is too large"
    default_hint = "Send less at one time."


class UriTooLongError(InvalidRequestError):
    """`uri_too_long` (414): the address is longer than the server reads."""

    default_code = "uri_too_long"
    default_title = "The address is too long"
    default_hint = "Shorten the filters."


class UnsupportedMediaTypeError(InvalidRequestError):
    """`unsupported_media_type` (415): the body is of a type that the server does not read there."""

    default_code = "unsupported_media_type"
    default_title = "The body is not of a type that is read here"
    default_hint = "Check the format that was named, and what proxies do to the request."


class HeaderTooLargeError(InvalidRequestError):
    """`header_too_large` (431): the headers are larger than the server reads."""

    default_code = "header_too_large"
    default_title = "The headers are too large"
    default_hint = "Send fewer or shorter headers."


class OverloadedError(ServerError):
    """`overloaded` (503): more waits than can be done in time."""

    default_code = "overloaded"
    default_title = "Too much to do just now"
    default_hint = "Wait for as many seconds as `retry_after` says, then try again."


class UnavailableError(ServerError):
    """`unavailable` (503): a part that the server needs is away."""

    default_code = "unavailable"
    default_title = "Not available just now"
    default_hint = "Wait for as many seconds as `retry_after` says, then try again."


class RevocationsStaleError(ServerError):
    """`revocations_stale` (503): what was revoked is not known well enough to accept a token that looks good.

    Raised by the server, and by a verifier whose feed is behind. The token itself may be good: nobody is signed out by
    it.
    """

    default_code = "revocations_stale"
    default_title = "What was revoked of late is not known just now"
    default_hint = (
        "Answer 503 and try again soon; neither refresh nor sign in again. Check the way to the revocation feed."
    )


class InternalError(ServerError):
    """`internal` (500): a defect of the server."""

    default_code = "internal"
    default_title = "Something went wrong here"
    default_hint = "Tell whoever runs the server the request id."


_EVERY: tuple[type[NttAuthError], ...] = (
    MalformedRequestError,
    ValidationFailedError,
    InvalidCredentialsError,
    EmailNotVerifiedError,
    TokenMissingError,
    TokenExpiredError,
    TokenInvalidError,
    TokenRevokedError,
    RefreshTokenReusedError,
    RefreshTokenExpiredError,
    RefreshTokenInvalidError,
    ForbiddenError,
    CsrfRefusedError,
    NotFoundError,
    MethodNotAllowedError,
    RequestTimeoutError,
    CursorGoneError,
    ConflictError,
    LastSuperAdminError,
    PayloadTooLargeError,
    UriTooLongError,
    UnsupportedMediaTypeError,
    HeaderTooLargeError,
    RateLimitedError,
    OverloadedError,
    UnavailableError,
    RevocationsStaleError,
    InternalError,
)

CODES: dict[str, type[NttAuthError]] = {kind.default_code: kind for kind in _EVERY if kind.default_code is not None}
"""The class of every code of the server."""


def class_of(code: str | None, status: int) -> type[NttAuthError]:
    """Return the class for a code, or the group of the status for a code that is not known."""
    known = CODES.get(code or "")
    if known is not None:
        return known
    if status in _GROUPS:
        return _GROUPS[status]
    return ServerError if status >= 500 else InvalidRequestError


_GROUPS: dict[int, type[NttAuthError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    410: NotFoundError,
    422: ValidationError,
    429: RateLimitedError,
}
