//! The closed list of what can go wrong.

use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// Every code that a problem can have. A code exists only if a program will branch on it; each has a page under
/// `/docs/errors/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The request cannot be read.
    MalformedRequest,
    /// The request can be read, and says something that is not acceptable.
    ValidationFailed,
    /// Sign-in was refused.
    InvalidCredentials,
    /// The password was right, but the address must be verified first.
    EmailNotVerified,
    /// The request carries no access token and needs one.
    TokenMissing,
    /// The access token has expired.
    TokenExpired,
    /// The access token is none of ours, was altered, or is of another kind.
    TokenInvalid,
    /// The access token was revoked.
    TokenRevoked,
    /// The refresh token was used before; its session has been ended.
    RefreshTokenReused,
    /// The refresh token has expired.
    RefreshTokenExpired,
    /// The refresh token is none of ours, or its session has ended.
    RefreshTokenInvalid,
    /// The caller's role does not permit this.
    Forbidden,
    /// A page of another origin, or one without the session's token, used a cookie.
    CsrfRefused,
    /// There is nothing here.
    NotFound,
    /// This address does not know the method.
    MethodNotAllowed,
    /// The client took too long to send the body.
    Timeout,
    /// What comes after a cursor cannot be told any more.
    CursorGone,
    /// The resource is not in the state that this begins from.
    Conflict,
    /// It would leave nobody who may do everything.
    LastSuperAdmin,
    /// The body is too large.
    PayloadTooLarge,
    /// The address is too long.
    UriTooLong,
    /// The body is not of a type that is read here.
    UnsupportedMediaType,
    /// The headers are too large.
    HeaderTooLarge,
    /// Too many requests.
    RateLimited,
    /// Too many sign-ins are waiting.
    Overloaded,
    /// Something the server rests on is away.
    Unavailable,
    /// This node has not been able to learn of revocations for too long, so it accepts no access token.
    RevocationsStale,
    /// A defect.
    Internal,
}

impl ProblemCode {
    /// Every code.
    pub const ALL: [Self; 28] = [
        Self::MalformedRequest,
        Self::ValidationFailed,
        Self::InvalidCredentials,
        Self::EmailNotVerified,
        Self::TokenMissing,
        Self::TokenExpired,
        Self::TokenInvalid,
        Self::TokenRevoked,
        Self::RefreshTokenReused,
        Self::RefreshTokenExpired,
        Self::RefreshTokenInvalid,
        Self::Forbidden,
        Self::CsrfRefused,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Timeout,
        Self::CursorGone,
        Self::Conflict,
        Self::LastSuperAdmin,
        Self::PayloadTooLarge,
        Self::UriTooLong,
        Self::UnsupportedMediaType,
        Self::HeaderTooLarge,
        Self::RateLimited,
        Self::Overloaded,
        Self::Unavailable,
        Self::RevocationsStale,
        Self::Internal,
    ];

    /// The code as it is written in answers and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedRequest => "malformed_request",
            Self::ValidationFailed => "validation_failed",
            Self::InvalidCredentials => "invalid_credentials",
            Self::EmailNotVerified => "email_not_verified",
            Self::TokenMissing => "token_missing",
            Self::TokenExpired => "token_expired",
            Self::TokenInvalid => "token_invalid",
            Self::TokenRevoked => "token_revoked",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::RefreshTokenExpired => "refresh_token_expired",
            Self::RefreshTokenInvalid => "refresh_token_invalid",
            Self::Forbidden => "forbidden",
            Self::CsrfRefused => "csrf_refused",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Timeout => "timeout",
            Self::CursorGone => "cursor_gone",
            Self::Conflict => "conflict",
            Self::LastSuperAdmin => "last_super_admin",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UriTooLong => "uri_too_long",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::HeaderTooLarge => "header_too_large",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
            Self::RevocationsStale => "revocations_stale",
            Self::Internal => "internal",
        }
    }

    /// The status it is answered with.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::MalformedRequest => StatusCode::BAD_REQUEST,
            Self::InvalidCredentials
            | Self::EmailNotVerified
            | Self::TokenMissing
            | Self::TokenExpired
            | Self::TokenInvalid
            | Self::TokenRevoked
            | Self::RefreshTokenReused
            | Self::RefreshTokenExpired
            | Self::RefreshTokenInvalid => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::CsrfRefused => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::CursorGone => StatusCode::GONE,
            Self::Conflict | Self::LastSuperAdmin => StatusCode::CONFLICT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::ValidationFailed => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::HeaderTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Overloaded | Self::Unavailable | Self::RevocationsStale => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A short summary, the same for every occurrence.
    pub const fn title(self) -> &'static str {
        match self {
            Self::MalformedRequest => "The request cannot be read",
            Self::ValidationFailed => "The request is not acceptable",
            Self::InvalidCredentials => "The credentials were refused",
            Self::EmailNotVerified => "The email address must be verified first",
            Self::TokenMissing => "An access token is needed",
            Self::TokenExpired => "The access token has expired",
            Self::TokenInvalid => "The access token is not valid",
            Self::TokenRevoked => "The access token was revoked",
            Self::RefreshTokenReused => "The refresh token was used before",
            Self::RefreshTokenExpired => "The refresh token has expired",
            Self::RefreshTokenInvalid => "The refresh token is not valid",
            Self::Forbidden => "This is not permitted",
            Self::CsrfRefused => "The cookie may not be used like this",
            Self::NotFound => "There is nothing here",
            Self::MethodNotAllowed => "The method is not known here",
            Self::Timeout => "The request took too long to arrive",
            Self::CursorGone => "What comes after this cursor is not known any more",
            Self::Conflict => "The state does not permit this",
            Self::LastSuperAdmin => "The last super admin must stay",
            Self::PayloadTooLarge => "The body is too large",
            Self::UriTooLong => "The address is too long",
            Self::UnsupportedMediaType => "The body is not of a type that is read here",
            Self::HeaderTooLarge => "The headers are too large",
            Self::RateLimited => "Too many requests",
            Self::Overloaded => "Too much to do just now",
            Self::Unavailable => "Not available just now",
            Self::RevocationsStale => "What was revoked of late is not known just now",
            Self::Internal => "Something went wrong here",
        }
    }

    /// The page that explains it, as Markdown.
    pub const fn page(self) -> &'static str {
        macro_rules! page {
            ($code:literal) => {
                include_str!(concat!("../../../../docs/errors/", $code, ".md"))
            };
        }
        match self {
            Self::MalformedRequest => page!("malformed_request"),
            Self::ValidationFailed => page!("validation_failed"),
            Self::InvalidCredentials => page!("invalid_credentials"),
            Self::EmailNotVerified => page!("email_not_verified"),
            Self::TokenMissing => page!("token_missing"),
            Self::TokenExpired => page!("token_expired"),
            Self::TokenInvalid => page!("token_invalid"),
            Self::TokenRevoked => page!("token_revoked"),
            Self::RefreshTokenReused => page!("refresh_token_reused"),
            Self::RefreshTokenExpired => page!("refresh_token_expired"),
            Self::RefreshTokenInvalid => page!("refresh_token_invalid"),
            Self::Forbidden => page!("forbidden"),
            Self::CsrfRefused => page!("csrf_refused"),
            Self::NotFound => page!("not_found"),
            Self::MethodNotAllowed => page!("method_not_allowed"),
            Self::Timeout => page!("timeout"),
            Self::CursorGone => page!("cursor_gone"),
            Self::Conflict => page!("conflict"),
            Self::LastSuperAdmin => page!("last_super_admin"),
            Self::PayloadTooLarge => page!("payload_too_large"),
            Self::UriTooLong => page!("uri_too_long"),
            Self::UnsupportedMediaType => page!("unsupported_media_type"),
            Self::HeaderTooLarge => page!("header_too_large"),
            Self::RateLimited => page!("rate_limited"),
            Self::Overloaded => page!("overloaded"),
            Self::Unavailable => page!("unavailable"),
            Self::RevocationsStale => page!("revocations_stale"),
            Self::Internal => page!("internal"),
        }
    }

    /// The `WWW-Authenticate` challenge of a 401 (RFC 6750 § 3). A request without any token is told no error code.
    pub(super) const fn challenge(self) -> Option<&'static str> {
        match self {
            Self::TokenMissing
            | Self::InvalidCredentials
            | Self::EmailNotVerified
            | Self::RefreshTokenReused
            | Self::RefreshTokenExpired
            | Self::RefreshTokenInvalid => Some("Bearer realm=\"ntt-auth\""),
            Self::TokenExpired => Some(
                "Bearer realm=\"ntt-auth\", error=\"invalid_token\", error_description=\"The access token has expired\"",
            ),
            Self::TokenInvalid => Some(
                "Bearer realm=\"ntt-auth\", error=\"invalid_token\", error_description=\"The access token is not valid\"",
            ),
            Self::TokenRevoked => Some(
                "Bearer realm=\"ntt-auth\", error=\"invalid_token\", error_description=\"The access token was revoked\"",
            ),
            _ => None,
        }
    }
}
