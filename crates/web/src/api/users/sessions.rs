//! `GET /api/v1/users/{userId}/sessions`

use axum::extract::State;
use ntt_auth_core::flow::{Actor, sessions_of};

use crate::App;
use crate::api::schema::{ANY, BEARER, SessionList, UserPath, refusals};
use crate::extract::{May, Path, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BEARER,
    &[ProblemCode::Forbidden, ProblemCode::NotFound],
    ANY
);

/// List a user's sessions
///
/// The open sessions of a user whom the caller may manage, or of the caller, last used first.
#[utoipa::path(
    get,
    path = "/api/v1/users/{userId}/sessions",
    tag = "Users",
    params(UserPath),
    security(("bearer" = [])),
    responses((status = 200, description = "The sessions.", body = SessionList), Refusals),
)]
pub(crate) async fn list_user_sessions(
    State(app): State<App>,
    may: May<may::ReadSessions>,
    Path(UserPath { user_id }): Path<UserPath>,
) -> Result<axum::Json<SessionList>, Problem> {
    let sessions = sessions_of(&app.auth, may.0, user_id).await?;
    let current = match may.0 {
        Actor::Caller(caller) => Some(caller.session_id),
        Actor::Operator => None,
    };
    Ok(axum::Json(SessionList::of(sessions, current)))
}
