//! `GET /api/v1/auth/sessions`

use axum::extract::State;

use crate::App;
use crate::api::schema::{ANY, BEARER, SessionList, refusals};
use crate::extract::{May, SignedIn, may};
use crate::problem::{Problem, ProblemCode};

refusals!(BEARER, &[ProblemCode::Forbidden], ANY);

/// List one's sessions
///
/// The open sessions of the caller, last used first; the present one is marked.
#[utoipa::path(
    get,
    path = "/api/v1/auth/sessions",
    tag = "Sessions",
    security(("bearer" = [])),
    responses((status = 200, description = "The sessions.", body = SessionList), Refusals),
)]
pub(crate) async fn list_sessions(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    _: May<may::HoldSession>,
) -> Result<axum::Json<SessionList>, Problem> {
    let sessions = ntt_auth_core::flow::list_sessions(&app.auth, caller).await?;
    Ok(axum::Json(SessionList::of(
        sessions,
        Some(caller.session_id),
    )))
}
