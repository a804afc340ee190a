//! `DELETE /api/v1/users/me`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::{ManageUser, Measure};

use crate::App;
use crate::api::schema::{ANY, BEARER, refusals};
use crate::extract::{May, Peer, SignedIn, may};
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

/// Delete one's own account
///
/// All sessions end at once. An administrator can restore the account for a while.
#[utoipa::path(
    delete,
    path = "/api/v1/users/me",
    tag = "Users",
    security(("bearer" = [])),
    responses((status = 204, description = "The account was deleted."), Refusals),
)]
pub(crate) async fn delete_me(
    State(app): State<App>,
    Peer(client): Peer,
    SignedIn(caller): SignedIn,
    may: May<may::DeleteUser>,
) -> Result<StatusCode, Problem> {
    ManageUser {
        actor: may.0,
        user: caller.user_id,
        measure: Measure::Delete,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
