//! `POST /api/v1/users/me/erase`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::EraseUser;
use ntt_auth_core::model::FieldErrors;
use ntt_auth_core::password::Plain;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, BEARER, BODY, HASHING, refusals};
use crate::extract::{Json, May, Peer, SignedIn, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BODY,
    BEARER,
    &[
        ProblemCode::Forbidden,
        ProblemCode::NotFound,
        ProblemCode::LastSuperAdmin
    ],
    HASHING,
    ANY
);

/// What erasing oneself needs.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Erasure, example = json!({ "currentPassword": "Analytical-Engine-1843" }))]
pub(crate) struct ErasureRequest {
    /// The password as it is.
    #[serde(default)]
    #[schema(required = true, format = Password)]
    current_password: String,
}

/// Erase one's own account
///
/// The account goes now, and everything that is held on its owner with it; nobody can undo that. What is left tells that
/// somebody was erased, and when. Needs the current password. To delete in a way that can be undone for a while, use
/// `DELETE /api/v1/users/me`.
#[utoipa::path(
    post,
    path = "/api/v1/users/me/erase",
    tag = "Users",
    security(("bearer" = [])),
    responses((status = 204, description = "The account was erased."), Refusals),
)]
pub(crate) async fn erase_me(
    State(app): State<App>,
    Peer(client): Peer,
    SignedIn(caller): SignedIn,
    may: May<may::EraseUser>,
    Json(request): Json<ErasureRequest>,
) -> Result<StatusCode, Problem> {
    let password = Plain::parse(&request.current_password)
        .map_err(|invalid| FieldErrors::from(("/currentPassword", invalid)))?;
    EraseUser {
        actor: may.0,
        user: caller.user_id,
        password: Some(password),
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
