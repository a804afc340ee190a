//! `POST /api/v1/system/jobs/{jobId}/retry`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::{JobMeasure, ManageJob};

use crate::App;
use crate::api::schema::{ANY, BEARER, JobPath, refusals};
use crate::extract::{May, Path, Peer, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BEARER,
    &[
        ProblemCode::Forbidden,
        ProblemCode::NotFound,
        ProblemCode::Conflict
    ],
    ANY
);

/// Try a job again
///
/// Only one that was given up, and whose time has not passed.
#[utoipa::path(
    post,
    path = "/api/v1/system/jobs/{jobId}/retry",
    tag = "System",
    params(JobPath),
    security(("bearer" = [])),
    responses((status = 204, description = "The job waits for its next attempt."), Refusals),
)]
pub(crate) async fn retry_job(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::OperateSystem>,
    Path(JobPath { job_id }): Path<JobPath>,
) -> Result<StatusCode, Problem> {
    ManageJob {
        actor: may.0,
        job: job_id,
        measure: JobMeasure::Retry,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
