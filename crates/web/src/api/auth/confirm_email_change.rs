//! `POST /api/v1/auth/confirm-email-change`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::ConfirmEmailChange;

use crate::App;
use crate::api::schema::{ANY, BODY, LinkRequest, refusals};
use crate::extract::{Json, Peer};
use crate::problem::Problem;

refusals!(BODY, ANY);

/// Confirm a change of email address
///
/// Takes the token of the link in the mail to the new address. The account moves to it, and is told so at the old one;
/// sessions go on, but access tokens that name the old address are refused at once. A link that is not good any more is a
/// 422 with the code `invalid_link` at `/token`, an address that another account has by now one with the code `taken`.
#[utoipa::path(
    post,
    path = "/api/v1/auth/confirm-email-change",
    tag = "Authentication",
    responses((status = 204, description = "The account has the new address."), Refusals),
)]
pub(crate) async fn confirm_email_change(
    State(app): State<App>,
    Peer(client): Peer,
    Json(LinkRequest { token }): Json<LinkRequest>,
) -> Result<StatusCode, Problem> {
    ConfirmEmailChange { token, client }.run(&app.auth).await?;
    Ok(StatusCode::NO_CONTENT)
}
