//! `POST /api/v1/system/backup`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::{BackUp, BackUpError};
use ntt_auth_core::model::Timestamp;
use ntt_auth_core::port::{BackupError, BackupMade};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, BEARER, refusals};
use crate::extract::{May, Peer, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BEARER,
    &[ProblemCode::Forbidden, ProblemCode::Conflict],
    ANY
);

/// A backup that was made and checked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Backup, example = json!({
    "name": "ntt-auth-20260102T030405Z.db",
    "createdAt": "2026-01-02T03:04:05.678Z",
    "size": 1_118_208,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "users": 1204,
}))]
pub(crate) struct BackupBody {
    /// The name of its file in the configured folder.
    name: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// How many bytes it has.
    size: u64,
    /// Its SHA-256, in hex.
    sha256: String,
    /// How many users it holds, deleted ones too.
    users: u64,
}

impl From<BackupMade> for BackupBody {
    fn from(made: BackupMade) -> Self {
        Self {
            name: made.name,
            created_at: made.at,
            size: made.size,
            sha256: made.sha256,
            users: made.users,
        }
    }
}

/// Make a backup
///
/// Of everything, as it stands at one moment, while the server goes on. It goes to the folder configured as
/// `backup.directory`, is checked, and the oldest beyond `backup.keep` are removed. Only the command line restores.
#[utoipa::path(
    post,
    path = "/api/v1/system/backup",
    tag = "System",
    security(("bearer" = [])),
    responses((status = 201, description = "The backup was made.", body = BackupBody), Refusals),
)]
pub(crate) async fn back_up(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::OperateSystem>,
) -> Result<(StatusCode, axum::Json<BackupBody>), Problem> {
    let back_up = BackUp {
        actor: may.0,
        client,
    };
    let made = match app.probe.backups() {
        Some(backups) => back_up.run(&app.auth, backups.as_ref()).await,
        None => Err(BackupError::NotPossible("Backups are not made here.".into()).into()),
    };
    let made = made.map_err(|error| match error {
        BackUpError::Forbidden => Problem::forbidden(),
        BackUpError::Backup(BackupError::Busy) => {
            Problem::new(ProblemCode::Conflict, "A backup is being made already.")
        }
        BackUpError::Backup(BackupError::NotPossible(why)) => {
            Problem::new(ProblemCode::Conflict, why.into_string())
        }
        BackUpError::Backup(BackupError::Fault(fault)) => fault.into(),
    })?;
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}
