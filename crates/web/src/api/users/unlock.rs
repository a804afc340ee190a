//! `POST /api/v1/users/{userId}/unlock`

use axum::extract::State;
use ntt_auth_core::flow::{ManageUser, Measure};

use crate::App;
use crate::api::schema::{ANY, BEARER, UserBody, UserPath, refusals, view_for};
use crate::extract::{May, Path, Peer, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BEARER,
    &[ProblemCode::Forbidden, ProblemCode::NotFound],
    ANY
);

/// Unlock a user
///
/// Forgets every wrong password that was tried for this account, from wherever, so that it can be signed in to again at
/// once. An account without a lock is left as it is.
#[utoipa::path(
    post,
    path = "/api/v1/users/{userId}/unlock",
    tag = "Users",
    params(UserPath),
    security(("bearer" = [])),
    responses((status = 200, description = "The user.", body = UserBody), Refusals),
)]
pub(crate) async fn unlock_user(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::SuspendUser>,
    Path(UserPath { user_id }): Path<UserPath>,
) -> Result<axum::Json<UserBody>, Problem> {
    let user = ManageUser {
        actor: may.0,
        user: user_id,
        measure: Measure::Unlock,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(axum::Json(UserBody::of(
        &user,
        view_for(may.0, user_id),
        app.auth.now(),
    )))
}
