//! `POST /api/v1/users/{userId}/reactivate`

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

/// Reactivate a user
///
/// Lifts a suspension before its time.
#[utoipa::path(
    post,
    path = "/api/v1/users/{userId}/reactivate",
    tag = "Users",
    params(UserPath),
    security(("bearer" = [])),
    responses((status = 200, description = "The user as they are now.", body = UserBody), Refusals),
)]
pub(crate) async fn reactivate_user(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::SuspendUser>,
    Path(UserPath { user_id }): Path<UserPath>,
) -> Result<axum::Json<UserBody>, Problem> {
    let user = ManageUser {
        actor: may.0,
        user: user_id,
        measure: Measure::Reactivate,
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
