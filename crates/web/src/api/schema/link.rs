//! What concerns links in mails.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is told of a request that was taken: nothing, whatever comes of it.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({}))]
pub(crate) struct Accepted {}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, axum::Json(self)).into_response()
    }
}

/// The token of a link.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = LinkToken, example = json!({
    "token": "ntt_ve_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8f1a2b3c4",
}))]
pub(crate) struct LinkRequest {
    /// The token, as it stands in the link.
    #[serde(default)]
    #[schema(required = true)]
    pub(crate) token: String,
}

/// Whom a mail is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = MailRequest, example = json!({ "email": "ada@example.com" }))]
pub(crate) struct AddressRequest {
    /// An email address.
    #[serde(default)]
    #[schema(required = true, format = Email)]
    pub(crate) email: String,
}
