//! `GET /api/v1/users/{userId}/export`

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use ntt_auth_core::flow::ExportUser;

use crate::App;
use crate::api::schema::{ANY, BEARER, ExportBody, UserPath, export_json, refusals};
use crate::extract::{May, Path, Peer, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BEARER,
    &[ProblemCode::Forbidden, ProblemCode::NotFound],
    ANY
);

/// Export everything held on a user
///
/// For super admins, and of oneself for everybody. Of secrets it tells that they are there.
#[utoipa::path(
    get,
    path = "/api/v1/users/{userId}/export",
    operation_id = "export_user",
    tag = "Users",
    params(UserPath),
    security(("bearer" = [])),
    responses((status = 200, description = "The export, as a file.", body = ExportBody), Refusals),
)]
pub(crate) async fn export_one(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::ExportUser>,
    Path(UserPath { user_id }): Path<UserPath>,
) -> Result<Response, Problem> {
    let export = ExportUser {
        actor: may.0,
        user: user_id,
        client,
    };
    answer(&app, export).await
}

/// The answer that is a file. Its name is the same for everybody: a name of theirs would end up in other logs.
pub(crate) async fn answer(app: &App, export: ExportUser) -> Result<Response, Problem> {
    let export = export.run(&app.auth).await?;
    let text = export_json(std::sync::Arc::clone(&app.auth), export);
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (
            CONTENT_DISPOSITION,
            "attachment; filename=\"ntt-auth-export.json\"",
        ),
    ];
    Ok((headers, Body::from_stream(text)).into_response())
}
