//! Jobs.

use async_trait::async_trait;

use crate::model::{Job, JobId, JobState, Lease, Timestamp, UserId};
use crate::store::StoreError;

/// A page of the list of jobs, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobQuery {
    /// Only those in this state.
    pub state: Option<JobState>,
    /// After this one, which is older.
    pub after: Option<JobId>,
    /// At most so many.
    pub limit: u32,
}

/// How many jobs there are in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobCount {
    /// The state.
    pub state: JobState,
    /// How many.
    pub count: u64,
}

/// Reading jobs.
#[async_trait]
pub trait ReadJobs: Send {
    /// The job of this id.
    async fn by_id(&mut self, id: JobId) -> Result<Option<Job>, StoreError>;

    /// At most `limit` jobs that may be begun at `now`, those that wait longest first: their time has come, or the lease
    /// of who began them has run out. Those of a kind that this program does not know are left to who knows it.
    async fn due(&mut self, now: Timestamp, limit: u32) -> Result<Vec<JobId>, StoreError>;

    /// One page, newest first.
    async fn page(&mut self, query: &JobQuery) -> Result<Vec<Job>, StoreError>;

    /// At most `limit` jobs that concern a user, oldest first.
    async fn of_subject(&mut self, subject: UserId, limit: u32) -> Result<Vec<Job>, StoreError>;

    /// How many jobs of this topic were asked for, for this subject, at or after `since`, whatever their state.
    async fn asked_since(
        &mut self,
        subject: UserId,
        topic: &str,
        since: Timestamp,
    ) -> Result<u64, StoreError>;

    /// How many there are in each state; a state without any may be left out.
    async fn counts(&mut self) -> Result<Vec<JobCount>, StoreError>;
}

/// Writing jobs.
#[async_trait]
pub trait Jobs: ReadJobs {
    /// Adds a job. It is done only if this transaction is committed.
    async fn add(&mut self, job: &Job) -> Result<(), StoreError>;

    /// Takes the right to perform a job that may be begun at `now`, and counts the attempt; `false` if another was
    /// faster, or it is of a kind that this program does not know. Of any number of concurrent callers one gets `true`.
    async fn lease(&mut self, id: JobId, now: Timestamp, lease: &Lease)
    -> Result<bool, StoreError>;

    /// Notes that a job is done, and forgets its payload; `false`, and nothing written, if `lease` was lost.
    async fn finish(&mut self, id: JobId, lease: &Lease, at: Timestamp)
    -> Result<bool, StoreError>;

    /// Notes that an attempt failed, and lets the job wait until `due_at`; `false` if `lease` was lost.
    async fn postpone(
        &mut self,
        id: JobId,
        lease: &Lease,
        due_at: Timestamp,
        error: &str,
    ) -> Result<bool, StoreError>;

    /// Notes that a job is given up; its payload stays, so that it can be tried again. `false` if `lease` was lost.
    async fn bury(
        &mut self,
        id: JobId,
        lease: &Lease,
        at: Timestamp,
        error: &str,
    ) -> Result<bool, StoreError>;

    /// Lets a dead job wait for its first attempt again; `false` if it is not dead.
    async fn retry(&mut self, id: JobId, due_at: Timestamp) -> Result<bool, StoreError>;

    /// Forgets a job, whatever its state; `false` if there is none. Of concurrent callers one gets `true`.
    async fn remove(&mut self, id: JobId) -> Result<bool, StoreError>;

    /// Forgets every job that concerns a user; says how many.
    async fn remove_of_subject(&mut self, subject: UserId) -> Result<u64, StoreError>;

    /// Forgets at most `limit` jobs that were done before `done_before`, or given up before `dead_before`; says how many.
    async fn purge(
        &mut self,
        done_before: Timestamp,
        dead_before: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError>;
}
