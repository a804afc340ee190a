//! `GET /api/v1/users/me/export`

use axum::extract::State;
use axum::response::Response;
use ntt_auth_core::flow::ExportUser;

use crate::App;
use crate::api::schema::{ANY, BEARER, ExportBody, refusals};
use crate::api::users::export_one::answer;
use crate::extract::{May, Peer, SignedIn, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BEARER,
    &[ProblemCode::Forbidden, ProblemCode::NotFound],
    ANY
);

/// Export everything held on oneself
///
/// Profile, consents, sessions, mails that wait, and every security event, as a file in JSON. Of secrets it tells that they
/// are there.
#[utoipa::path(
    get,
    path = "/api/v1/users/me/export",
    tag = "Users",
    security(("bearer" = [])),
    responses((status = 200, description = "The export, as a file.", body = ExportBody), Refusals),
)]
pub(crate) async fn export_me(
    State(app): State<App>,
    Peer(client): Peer,
    SignedIn(caller): SignedIn,
    may: May<may::ExportUser>,
) -> Result<Response, Problem> {
    let export = ExportUser {
        actor: may.0,
        user: caller.user_id,
        client,
    };
    answer(&app, export).await
}
