//! `POST /api/v1/auth/reset-password`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::ResetPassword;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, BODY, HASHING, refusals};
use crate::extract::{Json, Peer};
use crate::problem::Problem;

refusals!(BODY, HASHING, ANY);

/// The token of the link, and the password that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PasswordReset, example = json!({
    "token": "ntt_rp_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8f1a2b3c4",
    "newPassword": "Difference-Engine-1822",
}))]
pub(crate) struct ResetPasswordRequest {
    /// The token, as it stands in the link.
    #[serde(default)]
    #[schema(required = true)]
    token: String,
    /// The password as it shall be.
    #[serde(default)]
    #[schema(required = true, format = Password)]
    new_password: String,
}

/// Choose a new password by a link
///
/// Every session of the account ends, and its owner is told by mail. The link works once; a password that is not
/// acceptable does not use it up. A link that is not good any more is a 422 with the code `invalid_link` at `/token`.
#[utoipa::path(
    post,
    path = "/api/v1/auth/reset-password",
    tag = "Authentication",
    responses((status = 204, description = "The password was set."), Refusals),
)]
pub(crate) async fn reset_password(
    State(app): State<App>,
    Peer(client): Peer,
    Json(request): Json<ResetPasswordRequest>,
) -> Result<StatusCode, Problem> {
    ResetPassword {
        token: request.token,
        new: request.new_password,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
