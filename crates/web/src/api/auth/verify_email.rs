//! `POST /api/v1/auth/verify-email`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::VerifyEmail;

use crate::App;
use crate::api::schema::{ANY, BODY, LinkRequest, refusals};
use crate::extract::{Json, Peer};
use crate::problem::Problem;

refusals!(BODY, ANY);

/// Verify an email address
///
/// Takes the token of the link in the mail. A link that was followed already says 204 again; one that was replaced by a
/// newer one, has expired or never was one is a 422 with the code `invalid_link` at `/token`.
#[utoipa::path(
    post,
    path = "/api/v1/auth/verify-email",
    tag = "Authentication",
    responses((status = 204, description = "The address is verified."), Refusals),
)]
pub(crate) async fn verify_email(
    State(app): State<App>,
    Peer(client): Peer,
    Json(LinkRequest { token }): Json<LinkRequest>,
) -> Result<StatusCode, Problem> {
    VerifyEmail { token, client }.run(&app.auth).await?;
    Ok(StatusCode::NO_CONTENT)
}
