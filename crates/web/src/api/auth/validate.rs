//! `GET /api/v1/auth/validate`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use ntt_auth_core::model::{Role, SessionId, Timestamp, UserId};
use ntt_auth_core::token::AccessToken;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{BEARER, FRAME, refusals, role_schema};
use crate::extract::{bearer, missing_token};
use crate::problem::Problem;

refusals!(BEARER, FRAME);

/// What a good access token says.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Validation, example = json!({
    "active": true,
    "userId": "0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f",
    "sessionId": "0199a6f2-8d41-7e0a-8c3b-6f5e4d3c2b1a",
    "role": "user",
    "scope": "account",
    "audience": "https://auth.example.com",
    "expiresAt": "2026-01-02T04:04:05.000Z",
}))]
struct Validation<'a> {
    /// Always `true`: a token that is not good is a 401.
    active: bool,
    /// Whose token it is.
    #[schema(value_type = String, format = Uuid)]
    user_id: UserId,
    /// The session it belongs to.
    #[schema(value_type = String, format = Uuid)]
    session_id: SessionId,
    /// The role it was issued with.
    #[schema(schema_with = role_schema)]
    role: Role,
    /// What it may be used for, as space-separated words (RFC 6749 § 3.3).
    scope: &'a str,
    /// For whom it was issued.
    audience: &'a str,
    /// Until when it holds.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Validate an access token
///
/// Checks signature, times, issuer, audience and revocation, from memory alone.
#[utoipa::path(
    get,
    path = "/api/v1/auth/validate",
    tag = "Authentication",
    security(("bearer" = [])),
    responses((status = 200, description = "The token is good.", body = Validation<'_>), Refusals),
)]
pub(crate) async fn validate(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let token = bearer(&headers)?.ok_or_else(missing_token)?;
    let access = app.auth.validate(token)?;
    Ok(answer(&access))
}

fn answer(access: &AccessToken) -> Response {
    let validation = Validation {
        active: true,
        user_id: access.user_id,
        session_id: access.session_id,
        role: access.role,
        scope: &access.scope,
        audience: &access.audience,
        expires_at: access.expires_at,
    };
    // Strings, flags and ids: there is nothing in it that JSON cannot hold.
    let body = serde_json::to_vec(&validation).unwrap_or_default();
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
