//! `GET /api/v1/users/me/consents`

use axum::extract::State;

use crate::App;
use crate::api::schema::{ANY, BEARER, ConsentList, refusals};
use crate::extract::{May, SignedIn, may};
use crate::problem::{Problem, ProblemCode};

refusals!(BEARER, &[ProblemCode::Forbidden], ANY);

/// List one's consents
///
/// What the caller agreed to, and what they withdrew, in the order it was given.
#[utoipa::path(
    get,
    path = "/api/v1/users/me/consents",
    tag = "Users",
    security(("bearer" = [])),
    responses((status = 200, description = "The consents.", body = ConsentList), Refusals),
)]
pub(crate) async fn list_consents(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    _: May<may::ReadUser>,
) -> Result<axum::Json<ConsentList>, Problem> {
    let consents = ntt_auth_core::flow::list_consents(&app.auth, caller).await?;
    Ok(axum::Json(ConsentList::of(&consents)))
}
