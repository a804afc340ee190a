//! `POST /api/v1/auth/resend-verification`

use axum::extract::State;
use ntt_auth_core::flow::ResendVerification;

use crate::App;
use crate::api::schema::{ANY, Accepted, AddressRequest, BODY, refusals};
use crate::extract::{Json, Peer};
use crate::problem::Problem;

refusals!(BODY, ANY);

/// Ask for another verification mail
///
/// Has another mail sent with a link that verifies the address, if it is that of an account and is not verified yet. Then/// answer, and the time it takes, are the same whether or not it is.
#[utoipa::path(
    post,
    path = "/api/v1/auth/resend-verification",
    tag = "Authentication",
    responses((status = 202, description = "The request was taken.", body = Accepted), Refusals),
)]
pub(crate) async fn resend_verification(
    State(app): State<App>,
    Peer(client): Peer,
    Json(AddressRequest { email }): Json<AddressRequest>,
) -> Result<Accepted, Problem> {
    ResendVerification { email, client }.run(&app.auth).await?;
    Ok(Accepted {})
}
