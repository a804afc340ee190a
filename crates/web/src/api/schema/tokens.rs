//! What a sign-in or a refresh hands out.

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, SET_COOKIE};
use ntt_auth_core::Auth;
use ntt_auth_core::flow::{Tokens, View};
use ntt_auth_core::model::{SessionId, Timestamp};
use ntt_auth_core::secret::Bearer;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::UserBody;
use crate::browser::session_cookies;

/// An access token and the refresh token that gets the next.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tokens)]
pub(crate) struct TokensBody {
    /// A signed JWT (RFC 9068), to be sent as `Authorization: Bearer …`.
    #[schema(value_type = String, example = "eyJhbGciOiJFUzI1NiIsImtpZCI6IjEi…")]
    #[serde(serialize_with = "expose")]
    access_token: Bearer,
    /// Good for one use: each refresh gives its successor. In browser mode it is in a cookie, and never here.
    #[schema(value_type = Option<String>, required = false, nullable = false, example = "ntt_rt_AQGZpvKNQX4KjDtvXk08Kxo…")]
    #[serde(
        serialize_with = "expose_some",
        skip_serializing_if = "Option::is_none"
    )]
    refresh_token: Option<Bearer>,
    /// Always `Bearer` (RFC 6750).
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Life of the access token, in seconds.
    #[schema(example = 3600)]
    expires_in: u64,
    /// Life of the refresh token, in seconds.
    #[schema(example = 604_800)]
    refresh_expires_in: u64,
    /// The session both belong to.
    #[schema(value_type = String, format = Uuid, example = "0199a6f2-8d41-7e0a-8c3b-6f5e4d3c2b1a")]
    session_id: SessionId,
    /// Who signed in.
    user: UserBody,
    /// To be kept apart from the session and sent with the next sign-in, so that this device is known again. It opens
    /// nothing by itself. Sign-in only.
    #[serde(
        serialize_with = "expose_some",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, required = false, nullable = false, example = "ntt_dt_AQGZpvKNQX4KjDtvXk08Kxo…")]
    device_token: Option<Bearer>,
    /// Browser mode only: to be sent as `X-CSRF-Token` where the cookie is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "3q2-7wAAAAB…")]
    csrf_token: Option<String>,
    #[serde(skip)]
    #[schema(ignore)]
    cookies: Vec<HeaderValue>,
}

impl TokensBody {
    /// Shows `tokens` to whom they belong.
    pub(crate) fn of(tokens: Tokens, now: Timestamp) -> Self {
        Self {
            user: UserBody::of(&tokens.user, View::Full, now),
            access_token: tokens.access,
            refresh_token: Some(tokens.refresh),
            token_type: "Bearer",
            expires_in: tokens.expires_in,
            refresh_expires_in: tokens.refresh_expires_in,
            session_id: tokens.session_id,
            device_token: tokens.device,
            csrf_token: None,
            cookies: Vec::new(),
        }
    }

    /// Shows `tokens` to a browser: the refresh token and the device token in cookies only.
    pub(crate) fn in_cookies(tokens: Tokens, auth: &Auth) -> Self {
        let csrf_token = auth.csrf_tokens().issue(tokens.session_id);
        let cookies = session_cookies(&tokens, &csrf_token);
        Self {
            refresh_token: None,
            device_token: None,
            csrf_token: Some(csrf_token),
            cookies,
            ..Self::of(tokens, auth.now())
        }
    }
}

impl IntoResponse for TokensBody {
    /// No cache may keep tokens (RFC 6749 § 5.1).
    fn into_response(mut self) -> Response {
        let cookies = std::mem::take(&mut self.cookies);
        let mut response = (
            [(CACHE_CONTROL, HeaderValue::from_static("no-store"))],
            axum::Json(self),
        )
            .into_response();
        for cookie in cookies {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

#[expect(
    clippy::ref_option,
    reason = "serde hands over a reference to the field"
)]
fn expose_some<S: Serializer>(secret: &Option<Bearer>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => expose(secret, serializer),
        None => serializer.serialize_none(),
    }
}

fn expose<S: Serializer>(secret: &Bearer, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}
