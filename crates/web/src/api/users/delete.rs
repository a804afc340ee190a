//! `DELETE /api/v1/users/{userId}`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::{ManageUser, Measure};

use crate::App;
use crate::api::schema::{ANY, BEARER, UserPath, refusals};
use crate::extract::{May, Path, Peer, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BEARER,
    &[
        ProblemCode::Forbidden,
        ProblemCode::NotFound,
        ProblemCode::LastSuperAdmin
    ],
    ANY
);

/// Delete a user
///
/// The account can be restored for a while. Its sessions end at once. The last super admin cannot be deleted.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{userId}",
    tag = "Users",
    params(UserPath),
    security(("bearer" = [])),
    responses((status = 204, description = "The account was deleted."), Refusals),
)]
pub(crate) async fn delete_user(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::DeleteUser>,
    Path(UserPath { user_id }): Path<UserPath>,
) -> Result<StatusCode, Problem> {
    ManageUser {
        actor: may.0,
        user: user_id,
        measure: Measure::Delete,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
