//! `jobs`

use async_trait::async_trait;
use ntt_auth_core::model::{Job, JobId, JobKind, JobState, Lease, Timestamp, UserId};
use ntt_auth_core::store::{JobCount, JobQuery, Jobs, ReadJobs, StoreError};
use uuid::Uuid;

use crate::engine::{Error, Row, Statement};
use crate::view::View;

/// In the order in which [`job`] reads them.
macro_rules! columns {
    () => {
        "id, kind, topic, subject_id, payload, state, attempts, due_at, expires_at, leased_by, last_error, created_at, \
         finished_at"
    };
}

static BY_ID: Statement = Statement::new(
    "jobs.by_id",
    concat!("SELECT ", columns!(), " FROM jobs WHERE id = ?"),
);

/// [`JobKind::KNOWN`]: what a newer node asks for is left to it.
macro_rules! is_known {
    () => {
        " AND kind IN ('mail', 'forgot_password', 'resend_verification', 'change_email')"
    };
}

static DUE: Statement = Statement::new(
    "jobs.due",
    concat!(
        "SELECT id FROM jobs WHERE due_at <= ?",
        is_known!(),
        " ORDER BY due_at, id LIMIT ?"
    ),
);

static PAGE: Statement = Statement::new(
    "jobs.page",
    concat!(
        "SELECT ",
        columns!(),
        " FROM jobs WHERE id < ? ORDER BY id DESC LIMIT ?"
    ),
);

static PAGE_OF_STATE: Statement = Statement::new(
    "jobs.page_of_state",
    concat!(
        "SELECT ",
        columns!(),
        " FROM jobs WHERE state = ? AND id < ? ORDER BY id DESC LIMIT ?"
    ),
);

static ASKED_SINCE: Statement = Statement::new(
    "jobs.asked_since",
    "SELECT COUNT(*) FROM jobs WHERE subject_id = ? AND topic = ? AND created_at >= ?",
);

static COUNTS: Statement = Statement::new(
    "jobs.counts",
    "SELECT state, COUNT(*) FROM jobs GROUP BY state ORDER BY state",
);

static ADD: Statement = Statement::new(
    "jobs.add",
    "INSERT INTO jobs (id, kind, topic, subject_id, payload, state, attempts, due_at, expires_at, leased_by, \
     last_error, created_at, finished_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
);

static LEASE: Statement = Statement::new(
    "jobs.lease",
    concat!(
        "UPDATE jobs SET state = 'leased', leased_by = ?, attempts = attempts + 1, due_at = ? WHERE id = ? AND due_at <= ?",
        is_known!()
    ),
);

static FINISH: Statement = Statement::new(
    "jobs.finish",
    "UPDATE jobs SET state = 'done', payload = ?, due_at = NULL, leased_by = NULL, last_error = NULL, finished_at = ? \
     WHERE id = ? AND state = 'leased' AND leased_by = ? AND due_at = ?",
);

static POSTPONE: Statement = Statement::new(
    "jobs.postpone",
    "UPDATE jobs SET state = 'waiting', due_at = ?, leased_by = NULL, last_error = ? \
     WHERE id = ? AND state = 'leased' AND leased_by = ? AND due_at = ?",
);

static BURY: Statement = Statement::new(
    "jobs.bury",
    "UPDATE jobs SET state = 'dead', due_at = NULL, leased_by = NULL, last_error = ?, finished_at = ? \
     WHERE id = ? AND state = 'leased' AND leased_by = ? AND due_at = ?",
);

static RETRY: Statement = Statement::new(
    "jobs.retry",
    "UPDATE jobs SET state = 'waiting', attempts = 0, due_at = ?, finished_at = NULL WHERE id = ? AND state = 'dead'",
);

static REMOVE: Statement = Statement::new("jobs.remove", "DELETE FROM jobs WHERE id = ?");

static OF_SUBJECT: Statement = Statement::new(
    "jobs.of_subject",
    concat!(
        "SELECT ",
        columns!(),
        " FROM jobs WHERE subject_id = ? ORDER BY id LIMIT ?"
    ),
);

static REMOVE_OF_SUBJECT: Statement = Statement::new(
    "jobs.remove_of_subject",
    "DELETE FROM jobs WHERE subject_id = ?",
);

static PURGE: Statement = Statement::new(
    "jobs.purge",
    // MySQL allows a LIMIT only in a table that is made for the occasion.
    "DELETE FROM jobs WHERE id IN (SELECT id FROM (SELECT id FROM jobs WHERE finished_at < ? \
     AND (state = 'done' OR finished_at < ?) ORDER BY finished_at LIMIT ?) AS finished)",
);

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[
    &BY_ID,
    &DUE,
    &PAGE,
    &PAGE_OF_STATE,
    &ASKED_SINCE,
    &COUNTS,
    &ADD,
    &LEASE,
    &FINISH,
    &POSTPONE,
    &BURY,
    &RETRY,
    &REMOVE,
    &OF_SUBJECT,
    &REMOVE_OF_SUBJECT,
    &PURGE,
];

#[async_trait]
impl ReadJobs for View<'_> {
    async fn by_id(&mut self, id: JobId) -> Result<Option<Job>, StoreError> {
        self.first(&BY_ID, &[id.uuid().into()], job).await
    }

    async fn due(&mut self, now: Timestamp, limit: u32) -> Result<Vec<JobId>, StoreError> {
        self.all(&DUE, &[now.into(), limit.into()], |mut row| {
            row.id().map(JobId::from_uuid)
        })
        .await
    }

    async fn of_subject(&mut self, subject: UserId, limit: u32) -> Result<Vec<Job>, StoreError> {
        let values = [subject.uuid().into(), limit.into()];
        self.all(&OF_SUBJECT, &values, job).await
    }

    async fn page(&mut self, query: &JobQuery) -> Result<Vec<Job>, StoreError> {
        let before = query.after.map_or(Uuid::max(), JobId::uuid);
        match query.state {
            Some(state) => {
                let values = [state.as_str().into(), before.into(), query.limit.into()];
                self.all(&PAGE_OF_STATE, &values, job).await
            }
            None => {
                self.all(&PAGE, &[before.into(), query.limit.into()], job)
                    .await
            }
        }
    }

    async fn asked_since(
        &mut self,
        subject: UserId,
        topic: &str,
        since: Timestamp,
    ) -> Result<u64, StoreError> {
        let values = [subject.uuid().into(), topic.into(), since.into()];
        let count = self.one(&ASKED_SINCE, &values, |mut row| row.int()).await?;
        Ok(count.unsigned_abs())
    }

    async fn counts(&mut self) -> Result<Vec<JobCount>, StoreError> {
        self.all(&COUNTS, &[], |mut row| {
            Ok(JobCount {
                state: row.name::<JobState>()?,
                count: row.int()?.unsigned_abs(),
            })
        })
        .await
    }
}

#[async_trait]
impl Jobs for View<'_> {
    async fn add(&mut self, job: &Job) -> Result<(), StoreError> {
        let values = [
            job.id.uuid().into(),
            job.kind.as_str().into(),
            job.topic.as_str().into(),
            job.subject.map(UserId::uuid).into(),
            job.payload.as_slice().into(),
            job.state.as_str().into(),
            job.attempts.into(),
            job.due_at.into(),
            job.expires_at.into(),
            job.leased_by.as_deref().into(),
            job.last_error.as_deref().into(),
            job.created_at.into(),
            job.finished_at.into(),
        ];
        self.count(&ADD, &values).await.map(drop)
    }

    async fn lease(
        &mut self,
        id: JobId,
        now: Timestamp,
        lease: &Lease,
    ) -> Result<bool, StoreError> {
        let values = [
            lease.by.as_str().into(),
            lease.until.into(),
            id.uuid().into(),
            now.into(),
        ];
        self.took(&LEASE, &values).await
    }

    async fn finish(
        &mut self,
        id: JobId,
        lease: &Lease,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let values = [
            [].as_slice().into(),
            at.into(),
            id.uuid().into(),
            lease.by.as_str().into(),
            lease.until.into(),
        ];
        self.took(&FINISH, &values).await
    }

    async fn postpone(
        &mut self,
        id: JobId,
        lease: &Lease,
        due_at: Timestamp,
        error: &str,
    ) -> Result<bool, StoreError> {
        let values = [
            due_at.into(),
            error.into(),
            id.uuid().into(),
            lease.by.as_str().into(),
            lease.until.into(),
        ];
        self.took(&POSTPONE, &values).await
    }

    async fn bury(
        &mut self,
        id: JobId,
        lease: &Lease,
        at: Timestamp,
        error: &str,
    ) -> Result<bool, StoreError> {
        let values = [
            error.into(),
            at.into(),
            id.uuid().into(),
            lease.by.as_str().into(),
            lease.until.into(),
        ];
        self.took(&BURY, &values).await
    }

    async fn retry(&mut self, id: JobId, due_at: Timestamp) -> Result<bool, StoreError> {
        self.took(&RETRY, &[due_at.into(), id.uuid().into()]).await
    }

    async fn remove(&mut self, id: JobId) -> Result<bool, StoreError> {
        self.took(&REMOVE, &[id.uuid().into()]).await
    }

    async fn remove_of_subject(&mut self, subject: UserId) -> Result<u64, StoreError> {
        self.count(&REMOVE_OF_SUBJECT, &[subject.uuid().into()])
            .await
    }

    async fn purge(
        &mut self,
        done_before: Timestamp,
        dead_before: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        self.count(
            &PURGE,
            &[done_before.into(), dead_before.into(), limit.into()],
        )
        .await
    }
}

fn job(mut row: Row) -> Result<Job, Error> {
    Ok(Job {
        id: JobId::from_uuid(row.id()?),
        kind: JobKind::named(&row.text()?),
        topic: row.text()?,
        subject: row.opt_id()?.map(UserId::from_uuid),
        payload: row.bytes()?,
        state: row.name()?,
        attempts: u32::try_from(row.int()?).map_err(|_| row.corrupt())?,
        due_at: row.opt_time()?,
        expires_at: row.opt_time()?,
        leased_by: row.opt_text()?,
        last_error: row.opt_text()?,
        created_at: row.time()?,
        finished_at: row.opt_time()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_kind_is_leased_and_no_other() {
        let known = JobKind::KNOWN.map(|kind| format!("'{}'", kind.as_str()));
        assert_eq!(is_known!(), format!(" AND kind IN ({})", known.join(", ")));
    }
}
