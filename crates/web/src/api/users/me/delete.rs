//! `DELETE /api/v1/users/me`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::{ManageUser, Measure};
use serde::Deserialize;

use crate::App;
use crate::api::schema::{ANY, BEARER, QUERY, refusals};
use crate::extract::{May, Peer, Query, SignedIn, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    QUERY,
    BEARER,
    &[
        ProblemCode::Forbidden,
        ProblemCode::NotFound,
        ProblemCode::LastSuperAdmin
    ],
    ANY
);

/// Nothing: whoever asks for more than a deletion, `erase=true` for example, must not believe that they got it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoQuery {}

/// Delete one's own account
///
/// All sessions end at once. An administrator can restore the account for a while; after that it is erased. To have it
/// erased now, use `POST /api/v1/users/me/erase`.
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
    Query(NoQuery {}): Query<NoQuery>,
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
