//! `PATCH /api/v1/users/me`

use axum::extract::State;
use ntt_auth_core::flow::{ChangeProfile, ProfileChange, View};

use crate::App;
use crate::api::schema::{ANY, BEARER, BODY, ProfileRequest, UserBody, refusals};
use crate::extract::{Json, May, Peer, SignedIn, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BODY,
    BEARER,
    &[ProblemCode::Forbidden, ProblemCode::NotFound],
    ANY
);

/// Change one's own profile
///
/// A field left out is kept, `null` clears it. Email, role and flags cannot be set here: naming them is a 422.
#[utoipa::path(
    patch,
    path = "/api/v1/users/me",
    tag = "Users",
    security(("bearer" = [])),
    responses((status = 200, description = "The caller as they are now.", body = UserBody), Refusals),
)]
pub(crate) async fn update_me(
    State(app): State<App>,
    Peer(client): Peer,
    SignedIn(caller): SignedIn,
    may: May<may::UpdateUser>,
    Json(request): Json<ProfileRequest>,
) -> Result<axum::Json<UserBody>, Problem> {
    let change = ProfileChange::parse(request.into(), &app.auth).map_err(Problem::invalid)?;
    let user = ChangeProfile {
        actor: may.0,
        user: caller.user_id,
        change,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(axum::Json(UserBody::of(&user, View::Full, app.auth.now())))
}
