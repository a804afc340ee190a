//! `POST /api/v1/users/{userId}/suspend`

use axum::extract::State;
use ntt_auth_core::flow::{ManageUser, Measure};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, BEARER, BODY, UserBody, UserPath, refusals, view_for};
use crate::extract::{Json, May, Path, Peer, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BODY,
    BEARER,
    &[
        ProblemCode::Forbidden,
        ProblemCode::NotFound,
        ProblemCode::Conflict,
        ProblemCode::LastSuperAdmin
    ],
    ANY,
);

/// How long, and why.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Suspension, example = json!({ "until": "2030-01-01T00:00:00.000Z", "reason": "Spam." }))]
pub(crate) struct SuspendRequest {
    /// When the suspension lifts by itself; open-ended if left out.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Why, for administrators.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Suspend a user
///
/// The user cannot sign in until the suspension lifts, and their sessions end at once. The last super admin
/// cannot be suspended.
#[utoipa::path(
    post,
    path = "/api/v1/users/{userId}/suspend",
    tag = "Users",
    params(UserPath),
    request_body(content = Option<SuspendRequest>),
    security(("bearer" = [])),
    responses((status = 200, description = "The user as they are now.", body = UserBody), Refusals),
)]
pub(crate) async fn suspend_user(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::SuspendUser>,
    Path(UserPath { user_id }): Path<UserPath>,
    body: Option<Json<Option<SuspendRequest>>>,
) -> Result<axum::Json<UserBody>, Problem> {
    let request = body.and_then(|Json(request)| request).unwrap_or_default();
    let measure = Measure::suspend(request.until.as_deref(), request.reason, app.auth.now())
        .map_err(Problem::invalid)?;
    let user = ManageUser {
        actor: may.0,
        user: user_id,
        measure,
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
