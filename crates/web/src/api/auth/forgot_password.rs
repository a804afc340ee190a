//! `POST /api/v1/auth/forgot-password`

use axum::extract::State;
use ntt_auth_core::flow::ForgotPassword;

use crate::App;
use crate::api::schema::{ANY, Accepted, AddressRequest, BODY, refusals};
use crate::extract::{Json, Peer};
use crate::problem::Problem;

refusals!(BODY, ANY);

/// Ask for a new password
///
/// Has a mail sent with a link by which a new password can be chosen, if the address is that of an account. The answer, andn/// the time it takes, are the same whether or not it is.
#[utoipa::path(
    post,
    path = "/api/v1/auth/forgot-password",
    tag = "Authentication",
    responses((status = 202, description = "The request was taken.", body = Accepted), Refusals),
)]
pub(crate) async fn forgot_password(
    State(app): State<App>,
    Peer(client): Peer,
    Json(AddressRequest { email }): Json<AddressRequest>,
) -> Result<Accepted, Problem> {
    ForgotPassword { email, client }.run(&app.auth).await?;
    Ok(Accepted {})
}
