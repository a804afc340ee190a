//! Jobs.

use ntt_auth_core::flow::JobPage;
use ntt_auth_core::model::{Job, JobId, Timestamp, UserId};
use serde::Serialize;
use utoipa::ToSchema;

/// A job: something that is done after the request which asked for it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Job, example = json!({
    "jobId": "0199a6f2-9e10-7c55-b0aa-1f2e3d4c5b6a",
    "kind": "mail",
    "topic": "verify-email",
    "state": "dead",
    "userId": "0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f",
    "attempts": 1,
    "lastError": "550 5.1.1 [address] is not known here",
    "createdAt": "2026-01-02T03:04:05.678Z",
    "dueAt": null,
    "expiresAt": "2026-01-03T03:04:05.678Z",
    "leasedBy": null,
    "finishedAt": "2026-01-02T03:04:06.123Z",
}))]
pub(crate) struct JobBody {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    job_id: JobId,
    /// What it does. A node that is newer than the one that answers may have asked for what this one does not know.
    kind: String,
    /// A word more: for a mail, the name of the letter.
    topic: String,
    /// Where it stands: `waiting`, `leased`, `done` or `dead`.
    state: &'static str,
    /// Whom it concerns.
    #[schema(value_type = Option<String>, required, format = Uuid)]
    user_id: Option<UserId>,
    /// How often it was begun.
    attempts: u32,
    /// Why the last attempt failed.
    #[schema(required)]
    last_error: Option<String>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it may be begun next.
    #[schema(value_type = Option<String>, required, format = DateTime)]
    due_at: Option<Timestamp>,
    /// When it is of no use any more.
    #[schema(value_type = Option<String>, required, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Which node performs it.
    #[schema(required)]
    leased_by: Option<String>,
    /// When it was done or given up.
    #[schema(value_type = Option<String>, required, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl From<Job> for JobBody {
    fn from(job: Job) -> Self {
        Self {
            job_id: job.id,
            kind: job.kind.as_str().to_owned(),
            topic: job.topic,
            state: job.state.as_str(),
            user_id: job.subject,
            attempts: job.attempts,
            last_error: job.last_error,
            created_at: job.created_at,
            due_at: job.due_at,
            expires_at: job.expires_at,
            leased_by: job.leased_by,
            finished_at: job.finished_at,
        }
    }
}

/// One page of jobs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobList {
    /// The jobs of this page.
    items: Vec<JobBody>,
    /// Gives the next page as `cursor`; `null` after the last.
    #[schema(required, example = json!(null))]
    next_cursor: Option<String>,
}

impl JobList {
    /// Shows a page.
    pub(crate) fn of(page: JobPage) -> Self {
        Self {
            items: page.jobs.into_iter().map(JobBody::from).collect(),
            next_cursor: page.next,
        }
    }
}
