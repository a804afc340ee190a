//! `DELETE /api/v1/system/jobs/{jobId}`

use axum::extract::State;
use http::StatusCode;
use ntt_auth_core::flow::{JobMeasure, ManageJob};

use crate::App;
use crate::api::schema::{ANY, BEARER, JobPath, refusals};
use crate::extract::{May, Path, Peer, may};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BEARER,
    &[ProblemCode::Forbidden, ProblemCode::NotFound],
    ANY
);

/// Remove a job
///
/// In any state. One that is being performed may still be performed to its end.
#[utoipa::path(
    delete,
    path = "/api/v1/system/jobs/{jobId}",
    tag = "System",
    params(JobPath),
    security(("bearer" = [])),
    responses((status = 204, description = "The job is forgotten."), Refusals),
)]
pub(crate) async fn remove_job(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::OperateSystem>,
    Path(JobPath { job_id }): Path<JobPath>,
) -> Result<StatusCode, Problem> {
    ManageJob {
        actor: may.0,
        job: job_id,
        measure: JobMeasure::Remove,
        client,
    }
    .run(&app.auth)
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
