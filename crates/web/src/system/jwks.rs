//! The public keys (RFC 7517 § 5), so that others verify access tokens without asking.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher as _;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::App;
use crate::api::schema::{FRAME, refusals};
use crate::problem::{Problem, ProblemCode};

refusals!(FRAME);

/// Public keys
///
/// The keys that access tokens are signed with, the one before and the one to come (RFC 7517 § 5). They may be kept for
/// as long as `Cache-Control` says: a key is published at least that long before it signs.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "System",
    responses(
        (
            status = 200,
            description = "The keys.",
            body = serde_json::Value,
            content_type = "application/jwk-set+json",
            headers(
                ("Cache-Control" = String, description = "How long the keys may be kept."),
                ("ETag" = String, description = "Changes with the keys."),
            ),
            example = json!({ "keys": [{
                "kty": "EC",
                "crv": "P-256",
                "use": "sig",
                "alg": "ES256",
                "kid": "1f0c9ad2b3e45f67",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            }] }),
        ),
        (status = 304, description = "The keys are those named by `If-None-Match`."),
        Refusals,
    ),
)]
pub(crate) async fn jwks(State(app): State<App>, headers: HeaderMap) -> Response {
    let keys = app.auth.keyring().get().jwks();
    let tag = tag_of(&keys);
    let fresh = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .any(|value| names(value, &tag));
    let age = app.auth.rules().keys.jwks_max_age.as_secs();
    let (Ok(tag), Ok(cache)) = (
        HeaderValue::try_from(tag),
        HeaderValue::try_from(format!("public, max-age={age}")),
    ) else {
        return Problem::new(ProblemCode::Internal, "The keys could not be told.").into_response();
    };
    // Any page may read public keys.
    let shared = [
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        ),
        (ETAG, tag),
        (CACHE_CONTROL, cache),
    ];
    match fresh {
        true => (StatusCode::NOT_MODIFIED, shared).into_response(),
        false => (
            shared,
            [(CONTENT_TYPE, "application/jwk-set+json")],
            keys.to_string(),
        )
            .into_response(),
    }
}

fn tag_of(keys: &str) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(keys.as_bytes());
    format!("\"{:016x}\"", hasher.finish())
}

/// Whether `If-None-Match` names this tag (RFC 9110 § 13.1.2).
fn names(value: &HeaderValue, tag: &str) -> bool {
    let Ok(text) = value.to_str() else {
        return false;
    };
    text.split(',')
        .map(str::trim)
        .any(|entry| entry == "*" || entry.strip_prefix("W/").unwrap_or(entry) == tag)
}
