//! `POST /api/v1/users/{userId}/restore`

use axum::extract::State;
use ntt_auth_core::flow::{ManageUser, Measure};

use crate::App;
use crate::api::schema::{ANY, BEARER, UserBody, UserPath, refusals, view_for};
use crate::extract::{May, Path, Peer, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BEARER,
    &[
        ProblemCode::Forbidden,
        ProblemCode::NotFound,
        ProblemCode::Conflict
    ],
    ANY
);

/// Restore a user
///
/// Undoes a deletion. Sessions that ended with it stay ended.
#[utoipa::path(
    post,
    path = "/api/v1/users/{userId}/restore",
    tag = "Users",
    params(UserPath),
    security(("bearer" = [])),
    responses((status = 200, description = "The user as they are now.", body = UserBody), Refusals),
)]
pub(crate) async fn restore_user(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::RestoreUser>,
    Path(UserPath { user_id }): Path<UserPath>,
) -> Result<axum::Json<UserBody>, Problem> {
    let user = ManageUser {
        actor: may.0,
        user: user_id,
        measure: Measure::Restore,
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
