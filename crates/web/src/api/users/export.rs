//! `GET /api/v1/users/export`

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use ntt_auth_core::Auth;
use ntt_auth_core::flow::{ExportUsers, Fault};
use ntt_auth_core::transfer::{Export, ExportFormat};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::schema::{ANY, BEARER, QUERY, refusals};
use crate::extract::{May, Peer, Query, may};
use crate::problem::{Problem, ProblemCode};

refusals!(QUERY, BEARER, &[ProblemCode::Forbidden], ANY);

/// How to export.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// In which format; JSON Lines if left out.
    #[param(inline)]
    format: Option<ExportFormatName>,
}

/// The formats of an export.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ExportFormatName {
    /// JSON Lines.
    #[default]
    Jsonl,
    /// Comma-separated values, in which no cell begins a formula.
    Csv,
}

/// Export all users
///
/// Everything there is about every account but passwords and sessions, the oldest account first, deleted ones too; only super admins
/// may. The answer is written as it is read. `ntt-auth export` on the server's machine also writes the hashes.
#[utoipa::path(
    get,
    path = "/api/v1/users/export",
    tag = "Users",
    security(("bearer" = [])),
    params(ExportQuery),
    responses(
        (status = 200, description = "All users.", content(
            (String = "application/x-ndjson", example = "{\"userId\":\"0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f\",\"email\":\"ada@example.com\",\"role\":\"user\"}\n"),
            (String = "text/csv", example = "userId,email,role\r\n"),
        )),
        Refusals,
    ),
)]
pub(crate) async fn export_users(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::OperateSystem>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let (format, content_type, name) = match query.format.unwrap_or_default() {
        ExportFormatName::Jsonl => (ExportFormat::Jsonl, "application/x-ndjson", "users.jsonl"),
        ExportFormatName::Csv => (ExportFormat::Csv, "text/csv; charset=utf-8", "users.csv"),
    };
    let export = Export {
        format,
        with_hashes: false,
    };
    let users = ExportUsers::begin(&app.auth, may.0, &client, export).await?;
    let state = Exporting {
        auth: Arc::clone(&app.auth),
        export,
        users,
        head: Some(export.head()),
    };
    let pages = stream::try_unfold(state, Exporting::next);
    Ok((
        [
            (CONTENT_TYPE, content_type.to_owned()),
            (
                CONTENT_DISPOSITION,
                format!("attachment; filename=\"{name}\""),
            ),
        ],
        Body::from_stream(pages),
    )
        .into_response())
}

struct Exporting {
    auth: Arc<Auth>,
    export: Export,
    users: ExportUsers,
    head: Option<Vec<u8>>,
}

impl Exporting {
    /// The next piece. A store that fails on the way ends the connection, so that nobody takes a part for the whole.
    async fn next(mut self) -> Result<Option<(Vec<u8>, Self)>, Fault> {
        let users = self.users.page(&self.auth).await.inspect_err(|fault| {
            tracing::error!(error = %fault, "an export broke off");
        })?;
        let head = self.head.take();
        if users.is_empty() && head.is_none() {
            return Ok(None);
        }
        let mut piece = head.unwrap_or_default();
        for user in &users {
            piece.extend(self.export.row(user));
        }
        Ok(Some((piece, self)))
    }
}
