//! `GET /api/v1/users/{userId}`

use axum::extract::State;

use crate::App;
use crate::api::schema::{ANY, BEARER, UserBody, UserPath, refusals};
use crate::extract::{May, Path, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BEARER,
    &[ProblemCode::Forbidden, ProblemCode::NotFound],
    ANY
);

/// Read a user
///
/// Moderators see others without `email`, `phone` and `metadata`; users see themselves. Deleted users are shown to
/// those who could restore them.
#[utoipa::path(
    get,
    path = "/api/v1/users/{userId}",
    tag = "Users",
    params(UserPath),
    security(("bearer" = [])),
    responses((status = 200, description = "The user.", body = UserBody), Refusals),
)]
pub(crate) async fn read_user(
    State(app): State<App>,
    may: May<may::ReadUser>,
    Path(UserPath { user_id }): Path<UserPath>,
) -> Result<axum::Json<UserBody>, Problem> {
    let (user, view) = ntt_auth_core::flow::read_user(&app.auth, may.0, user_id).await?;
    Ok(axum::Json(UserBody::of(&user, view, app.auth.now())))
}
