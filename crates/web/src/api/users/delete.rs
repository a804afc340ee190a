//! `DELETE /api/v1/users/{userId}`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::{EraseUser, ManageUser, Measure};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::App;
use crate::api::schema::{ANY, BEARER, QUERY, UserPath, refusals};
use crate::extract::{May, Path, Peer, Query, may};
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

/// How far a deletion goes.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeletionQuery {
    /// Erases the account and everything that is held on its owner, now and for good.
    #[param(example = false)]
    erase: Option<bool>,
}

impl DeletionQuery {
    /// Whether it goes all the way.
    pub(crate) fn erases(&self) -> bool {
        self.erase == Some(true)
    }
}

/// Delete a user
///
/// The account can be restored for a while. Its sessions end at once. The last super admin cannot be deleted. With
/// `erase=true` a super admin erases the account for good, also one that is deleted already: what is left tells nobody
/// who it was. Whoever erases themselves does so at `/api/v1/users/me/erase`, with their password.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{userId}",
    tag = "Users",
    params(UserPath, DeletionQuery),
    security(("bearer" = [])),
    responses((status = 204, description = "The account was deleted, or erased."), Refusals),
)]
pub(crate) async fn delete_user(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::DeleteUser>,
    Path(UserPath { user_id }): Path<UserPath>,
    Query(query): Query<DeletionQuery>,
) -> Result<StatusCode, Problem> {
    if query.erases() {
        let erase = EraseUser {
            actor: may.0,
            user: user_id,
            password: None,
            client,
        };
        erase.run(&app.auth).await?;
    } else {
        let delete = ManageUser {
            actor: may.0,
            user: user_id,
            measure: Measure::Delete,
            client,
        };
        delete.run(&app.auth).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
