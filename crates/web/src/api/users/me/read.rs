//! `GET /api/v1/users/me`

use axum::extract::State;
use ntt_auth_core::flow::{View, read_self};

use crate::App;
use crate::api::schema::{ANY, BEARER, UserBody, refusals};
use crate::extract::{May, SignedIn, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BEARER,
    &[ProblemCode::Forbidden, ProblemCode::NotFound],
    ANY
);

/// Read one's own account
#[utoipa::path(
    get,
    path = "/api/v1/users/me",
    tag = "Users",
    security(("bearer" = [])),
    responses((status = 200, description = "The caller.", body = UserBody), Refusals),
)]
pub(crate) async fn read_me(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    _: May<may::ReadUser>,
) -> Result<axum::Json<UserBody>, Problem> {
    let user = read_self(&app.auth, caller).await?;
    Ok(axum::Json(UserBody::of(&user, View::Full, app.auth.now())))
}
