//! `jobs`

use async_trait::async_trait;
use mongodb::bson::{Bson, Document, doc};
use ntt_auth_core::model::{Job, JobId, JobKind, JobState, Lease, Timestamp, UserId};
use ntt_auth_core::store::{JobCount, JobQuery, Jobs, ReadJobs, StoreError};

use crate::error::Error;
use crate::value::{Doc, Fields, bytes, id, time};
use crate::view::{Find, View};

const JOBS: &str = "jobs";

/// What may be begun at `now`. What a newer node asks for is left to it.
fn due(now: Timestamp) -> Document {
    let known = JobKind::KNOWN
        .map(|kind| Bson::from(kind.as_str()))
        .to_vec();
    doc! { "due_at": { "$lte": time(now) }, "kind": { "$in": known } }
}

fn held(job: JobId, lease: &Lease) -> Document {
    doc! {
        "_id": id(job.uuid()),
        "state": "leased",
        "leased_by": lease.by.as_str(),
        "due_at": time(lease.until),
    }
}

#[async_trait]
impl ReadJobs for View<'_> {
    async fn by_id(&mut self, job_id: JobId) -> Result<Option<Job>, StoreError> {
        self.first(Find::new(JOBS, doc! { "_id": id(job_id.uuid()) }), job)
            .await
    }

    async fn due(&mut self, now: Timestamp, limit: u32) -> Result<Vec<JobId>, StoreError> {
        let find = Find::new(JOBS, due(now))
            .along("jobs_due_at")
            .sorted(doc! { "due_at": 1, "_id": 1 })
            .only(doc! { "_id": 1 })
            .limit(limit);
        self.all(find, |mut doc| doc.id("_id").map(JobId::from_uuid))
            .await
    }

    async fn page(&mut self, query: &JobQuery) -> Result<Vec<Job>, StoreError> {
        let mut filter = Document::new();
        if let Some(state) = query.state {
            filter.insert("state", state.as_str());
        }
        if let Some(after) = query.after {
            filter.insert("_id", doc! { "$lt": id(after.uuid()) });
        }
        let find = Find::new(JOBS, filter).sorted(doc! { "_id": -1 });
        self.all(find.limit(query.limit), job).await
    }

    async fn of_subject(&mut self, subject: UserId, limit: u32) -> Result<Vec<Job>, StoreError> {
        let find = Find::new(JOBS, doc! { "subject_id": id(subject.uuid()) });
        self.all(find.sorted(doc! { "_id": 1 }).limit(limit), job)
            .await
    }

    async fn asked_since(
        &mut self,
        subject: UserId,
        topic: &str,
        since: Timestamp,
    ) -> Result<u64, StoreError> {
        let asked = doc! {
            "subject_id": id(subject.uuid()), "topic": topic, "created_at": { "$gte": time(since) },
        };
        self.counted(JOBS, asked, None, "jobs_subject_id").await
    }

    async fn counts(&mut self) -> Result<Vec<JobCount>, StoreError> {
        let mut counts = Vec::new();
        for state in JobState::ALL {
            let of_state = doc! { "state": state.as_str() };
            let count = self.counted(JOBS, of_state, None, "jobs_state").await?;
            counts.push(JobCount { state, count });
        }
        counts.retain(|of_state| of_state.count > 0);
        counts.sort_by_key(|of_state| of_state.state.as_str());
        Ok(counts)
    }
}

#[async_trait]
impl Jobs for View<'_> {
    async fn add(&mut self, job: &Job) -> Result<(), StoreError> {
        let document = Fields::new()
            .set("_id", id(job.id.uuid()))
            .set("kind", job.kind.as_str())
            .set("topic", job.topic.as_str())
            .opt("subject_id", job.subject.map(|subject| id(subject.uuid())))
            .set("payload", bytes(&job.payload))
            .set("state", job.state.as_str())
            .set("attempts", i64::from(job.attempts))
            .opt("due_at", job.due_at.map(time))
            .opt("expires_at", job.expires_at.map(time))
            .opt("leased_by", job.leased_by.as_deref())
            .opt("last_error", job.last_error.as_deref())
            .set("created_at", time(job.created_at))
            .opt("finished_at", job.finished_at.map(time))
            .document();
        self.insert(JOBS, document).await
    }

    async fn lease(
        &mut self,
        job: JobId,
        now: Timestamp,
        lease: &Lease,
    ) -> Result<bool, StoreError> {
        let mut free = due(now);
        free.insert("_id", id(job.uuid()));
        let change = doc! {
            "$set": { "state": "leased", "leased_by": lease.by.as_str(), "due_at": time(lease.until) },
            "$inc": { "attempts": 1_i64 },
        };
        self.took(JOBS, free, change).await
    }

    async fn finish(
        &mut self,
        job: JobId,
        lease: &Lease,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let change = doc! {
            "$set": { "state": "done", "payload": bytes(&[]), "finished_at": time(at) },
            "$unset": { "due_at": "", "leased_by": "", "last_error": "" },
        };
        self.took(JOBS, held(job, lease), change).await
    }

    async fn postpone(
        &mut self,
        job: JobId,
        lease: &Lease,
        due_at: Timestamp,
        error: &str,
    ) -> Result<bool, StoreError> {
        let change = doc! {
            "$set": { "state": "waiting", "due_at": time(due_at), "last_error": error },
            "$unset": { "leased_by": "" },
        };
        self.took(JOBS, held(job, lease), change).await
    }

    async fn bury(
        &mut self,
        job: JobId,
        lease: &Lease,
        at: Timestamp,
        error: &str,
    ) -> Result<bool, StoreError> {
        let change = doc! {
            "$set": { "state": "dead", "last_error": error, "finished_at": time(at) },
            "$unset": { "due_at": "", "leased_by": "" },
        };
        self.took(JOBS, held(job, lease), change).await
    }

    async fn retry(&mut self, job: JobId, due_at: Timestamp) -> Result<bool, StoreError> {
        let dead = doc! { "_id": id(job.uuid()), "state": "dead" };
        let change = doc! {
            "$set": { "state": "waiting", "attempts": 0_i64, "due_at": time(due_at) },
            "$unset": { "finished_at": "" },
        };
        self.took(JOBS, dead, change).await
    }

    async fn remove(&mut self, job: JobId) -> Result<bool, StoreError> {
        let removed = View::remove(self, JOBS, doc! { "_id": id(job.uuid()) }).await?;
        Ok(removed > 0)
    }

    async fn remove_of_subject(&mut self, subject: UserId) -> Result<u64, StoreError> {
        View::remove(self, JOBS, doc! { "subject_id": id(subject.uuid()) }).await
    }

    async fn purge(
        &mut self,
        done_before: Timestamp,
        dead_before: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let over = doc! {
            "finished_at": { "$lt": time(done_before) },
            "$or": [{ "state": "done" }, { "finished_at": { "$lt": time(dead_before) } }],
        };
        View::purge(self, JOBS, over, "finished_at", limit).await
    }
}

fn job(mut doc: Doc) -> Result<Job, Error> {
    Ok(Job {
        id: JobId::from_uuid(doc.id("_id")?),
        kind: JobKind::named(&doc.text("kind")?),
        topic: doc.text("topic")?,
        subject: doc.opt_id("subject_id")?.map(UserId::from_uuid),
        payload: doc.bytes("payload")?,
        state: doc.name("state")?,
        attempts: doc.small("attempts")?,
        due_at: doc.opt_time("due_at")?,
        expires_at: doc.opt_time("expires_at")?,
        leased_by: doc.opt_text("leased_by")?,
        last_error: doc.opt_text("last_error")?,
        created_at: doc.time("created_at")?,
        finished_at: doc.opt_time("finished_at")?,
    })
}
