//! Jobs as administrators see them: what waits, what was given up and why.

use async_trait::async_trait;
use uuid::Uuid;

use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::fault::faults;
use crate::flow::{Actor, Auth, Fault};
use crate::model::{Client, EventKind, Job, JobId, JobState, SecurityEvent, Timestamp};
use crate::policy::Action;
use crate::store::{JobQuery, StoreError, Tx, Work};
use crate::token::InvalidCursor;

/// Lists jobs in pages, newest first.
#[derive(Debug)]
pub struct ListJobs {
    /// Who asks.
    pub actor: Actor,
    /// Only those in this state.
    pub state: Option<JobState>,
    /// The cursor of the page before, if this is not the first.
    pub cursor: Option<String>,
    /// How many at most, 1–200.
    pub limit: u32,
}

/// One page. The jobs are without their payloads.
#[derive(Debug)]
pub struct JobPage {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

/// Why nothing was listed or done.
#[derive(Debug, thiserror::Error)]
pub enum ManageJobsError {
    /// The actor may not.
    #[error("this role may not look after jobs")]
    Forbidden,
    /// There is no such job.
    #[error("there is no such job")]
    NotFound,
    /// Only a job that was given up can be tried again, and only while it is of use.
    #[error("{0}")]
    Conflict(&'static str),
    /// The cursor is not one of this list.
    #[error(transparent)]
    Cursor(InvalidCursor),
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(ManageJobsError);

impl ListJobs {
    /// One page, with the cursor of the next.
    pub async fn run(self, auth: &Auth) -> Result<JobPage, ManageJobsError> {
        may(self.actor)?;
        let list = format!("jobs {:?}", self.state);
        let after = match &self.cursor {
            Some(cursor) => Some(JobId::from_uuid(
                auth.cursors
                    .decode::<Uuid>(&list, cursor)
                    .map_err(ManageJobsError::Cursor)?,
            )),
            None => None,
        };
        let query = JobQuery {
            state: self.state,
            after,
            limit: self.limit + 1,
        };
        let mut jobs = auth.store.read().jobs().page(&query).await?;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = jobs.len() > limit;
        jobs.truncate(limit);
        for job in &mut jobs {
            job.payload.clear();
        }
        let next = match jobs.last() {
            Some(last) if more => Some(auth.cursors.encode(&list, &last.id.uuid())),
            _ => None,
        };
        Ok(JobPage { jobs, next })
    }
}

fn may(actor: Actor) -> Result<(), ManageJobsError> {
    match Action::OperateSystem.reach(actor.role()).is_some() {
        true => Ok(()),
        false => Err(ManageJobsError::Forbidden),
    }
}

/// What is done to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobMeasure {
    /// Tries one that was given up again, from its first attempt.
    Retry,
    /// Forgets it. One that is being performed may still be performed to its end.
    Remove,
}

/// Does something to a job.
#[derive(Debug)]
pub struct ManageJob {
    /// Who does it.
    pub actor: Actor,
    /// To which.
    pub job: JobId,
    /// What.
    pub measure: JobMeasure,
    /// From where.
    pub client: Client,
}

impl ManageJob {
    /// Does it.
    pub async fn run(self, auth: &Auth) -> Result<(), ManageJobsError> {
        may(self.actor)?;
        let now = auth.clock.now();
        let kind = match self.measure {
            JobMeasure::Retry => EventKind::JobRetried,
            JobMeasure::Remove => EventKind::JobRemoved,
        };
        let work = Apply {
            job: self.job,
            measure: self.measure,
            at: now,
            event: event(auth, kind, now, None, &self.client).by_actor(self.actor),
        };
        auth.commit(work).await?
    }
}

struct Apply {
    job: JobId,
    measure: JobMeasure,
    at: Timestamp,
    event: SecurityEvent,
}

#[async_trait]
impl Work for Apply {
    type Output = Committed<Result<(), ManageJobsError>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let Some(job) = tx.jobs().by_id(self.job).await? else {
            return Ok(Committed::plain(Err(ManageJobsError::NotFound)));
        };
        let done = match self.measure {
            JobMeasure::Retry if job.expires_at.is_some_and(|end| end <= self.at) => {
                return Ok(Committed::plain(Err(ManageJobsError::Conflict(
                    "The job is of no use any more: its time has passed.",
                ))));
            }
            JobMeasure::Retry => tx.jobs().retry(self.job, self.at).await?,
            JobMeasure::Remove => tx.jobs().remove(self.job).await?,
        };
        if !done {
            return Ok(Committed::plain(Err(ManageJobsError::Conflict(
                "Only a job that was given up can be tried again.",
            ))));
        }
        let mut event = self.event.clone();
        event.subject = job.subject;
        tx.events().append(&event.detail(job.topic)).await?;
        Ok(Committed::plain(Ok(())))
    }
}
