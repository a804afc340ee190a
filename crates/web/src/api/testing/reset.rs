//! `POST /api/v1/test/reset`

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, refusals};
use crate::problem::{Problem, ProblemCode};
use crate::system::Traveller;

refusals!(&[ProblemCode::NotFound], ANY);

/// How to go on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TestReset, example = json!({ "setupUrl": "http://127.0.0.1:8080/setup?token=ntt_su_AbCd" }))]
pub(crate) struct ResetBody {
    /// The link that makes the first super administrator, as a new server prints it.
    setup_url: String,
}

/// Begin anew
///
/// Forgets every account, session, signing key, mail and count, and sets the clock back to the system's: the server is as
/// after its first start. Only in the profile `test`, and only for the addresses of `testing.allow_from`.
#[utoipa::path(
    post,
    path = "/api/v1/test/reset",
    tag = "Testing",
    responses((status = 200, description = "The server is as new.", body = ResetBody), Refusals),
)]
pub(crate) async fn reset(
    State(app): State<App>,
    Traveller(travel): Traveller,
) -> Result<axum::Json<ResetBody>, Problem> {
    let token = travel.reset().await.ok_or_else(Problem::not_found)??;
    app.limiter.forget().await;
    if let Some(outbox) = app.probe.outbox() {
        outbox.clear().await;
    }
    Ok(axum::Json(ResetBody {
        setup_url: format!("{}/setup?token={}", app.settings.public_url, token.expose()),
    }))
}
