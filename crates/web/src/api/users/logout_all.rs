//! `POST /api/v1/users/{userId}/logout-all`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::{ManageUser, Measure};

use crate::App;
use crate::api::schema::{ANY, BEARER, UserPath, refusals};
use crate::extract::{May, Path, Peer, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BEARER,
    &[ProblemCode::Forbidden, ProblemCode::NotFound],
    ANY
);

/// Sign a user out everywhere
///
/// Ends every session of the user.
#[utoipa::path(
    post,
    path = "/api/v1/users/{userId}/logout-all",
    tag = "Users",
    params(UserPath),
    security(("bearer" = [])),
    responses((status = 204, description = "The sessions have ended."), Refusals),
)]
pub(crate) async fn logout_user(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::SuspendUser>,
    Path(UserPath { user_id }): Path<UserPath>,
) -> Result<StatusCode, Problem> {
    ManageUser {
        actor: may.0,
        user: user_id,
        measure: Measure::EndSessions,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
