//! `PATCH /api/v1/users/{userId}`

use axum::extract::State;
use ntt_auth_core::flow::{ChangeProfile, ProfileChange};

use crate::App;
use crate::api::schema::{
    ANY, BEARER, BODY, ProfileRequest, UserBody, UserPath, refusals, view_for,
};
use crate::extract::{Json, May, Path, Peer, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BODY,
    BEARER,
    &[ProblemCode::Forbidden, ProblemCode::NotFound],
    ANY
);

/// Change a user's profile
///
/// A field left out is kept, `null` clears it. Admins change users of lower roles, users themselves.
#[utoipa::path(
    patch,
    path = "/api/v1/users/{userId}",
    tag = "Users",
    params(UserPath),
    security(("bearer" = [])),
    responses((status = 200, description = "The user as they are now.", body = UserBody), Refusals),
)]
pub(crate) async fn update_user(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::UpdateUser>,
    Path(UserPath { user_id }): Path<UserPath>,
    Json(request): Json<ProfileRequest>,
) -> Result<axum::Json<UserBody>, Problem> {
    let change = ProfileChange::parse(request.into(), &app.auth).map_err(Problem::invalid)?;
    let user = ChangeProfile {
        actor: may.0,
        user: user_id,
        change,
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
