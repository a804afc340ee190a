//! `PATCH /api/v1/users/{userId}/role`

use axum::extract::State;
use ntt_auth_core::flow::{ManageUser, Measure};
use ntt_auth_core::model::Role;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, BEARER, BODY, UserBody, UserPath, refusals, role_schema, view_for};
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

/// The role a user shall have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoleChange, example = json!({ "role": "moderator" }))]
pub(crate) struct RoleRequest {
    /// The role.
    #[schema(schema_with = role_schema)]
    role: Role,
}

/// Change a user's role
///
/// Access tokens issued with the old role are refused at once; sessions go on. Admins hand out roles up to moderator to
/// users of lower roles. The last super admin cannot be demoted.
#[utoipa::path(
    patch,
    path = "/api/v1/users/{userId}/role",
    tag = "Users",
    params(UserPath),
    security(("bearer" = [])),
    responses((status = 200, description = "The user as they are now.", body = UserBody), Refusals),
)]
pub(crate) async fn change_role(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::ChangeRole>,
    Path(UserPath { user_id }): Path<UserPath>,
    Json(request): Json<RoleRequest>,
) -> Result<axum::Json<UserBody>, Problem> {
    let measure = Measure::ChangeRole(request.role);
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
