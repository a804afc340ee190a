//! Jobs.

use std::sync::Arc;

use ntt_auth_core::model::{Job, JobId, JobKind, JobState, Lease, UserId};
use ntt_auth_core::store::{JobCount, JobQuery, Store, StoreError};

use crate::race::{RACERS, race, winners};
use crate::sample::{at, job, uuid};
use crate::work::apply;

async fn added(store: &Arc<dyn Store>) -> Job {
    let job = job();
    add(store, &job).await;
    job
}

async fn add(store: &Arc<dyn Store>, job: &Job) {
    apply!(store, [job], |tx| tx.jobs().add(&job).await).unwrap();
}

async fn found(store: &Arc<dyn Store>, id: JobId) -> Job {
    store.read().jobs().by_id(id).await.unwrap().unwrap()
}

async fn due(store: &Arc<dyn Store>, now: i64) -> Vec<JobId> {
    store.read().jobs().due(at(now), 100).await.unwrap()
}

fn lease(by: &str, until: i64) -> Lease {
    Lease {
        by: by.to_owned(),
        until: at(until),
    }
}

async fn claim(store: &Arc<dyn Store>, id: JobId, now: i64, lease: &Lease) -> bool {
    apply!(store, [lease], |tx| tx
        .jobs()
        .lease(id, at(now), &lease)
        .await)
    .unwrap()
}

async fn finish(store: &Arc<dyn Store>, id: JobId, lease: &Lease, now: i64) -> bool {
    apply!(store, [lease], |tx| tx
        .jobs()
        .finish(id, &lease, at(now))
        .await)
    .unwrap()
}

async fn postpone(store: &Arc<dyn Store>, id: JobId, lease: &Lease, due: i64) -> bool {
    apply!(store, [lease], |tx| tx
        .jobs()
        .postpone(id, &lease, at(due), "no answer; 山田")
        .await)
    .unwrap()
}

async fn bury(store: &Arc<dyn Store>, id: JobId, lease: &Lease, now: i64) -> bool {
    apply!(store, [lease], |tx| tx
        .jobs()
        .bury(id, &lease, at(now), "given up")
        .await)
    .unwrap()
}

async fn purge(store: &Arc<dyn Store>, done: i64, dead: i64, limit: u32) -> u64 {
    apply!(store, [], |tx| tx
        .jobs()
        .purge(at(done), at(dead), limit)
        .await)
    .unwrap()
}

/// With everything, and with nothing that is optional.
pub async fn a_job_comes_back_as_it_was(store: Arc<dyn Store>) {
    let full = Job {
        state: JobState::Dead,
        attempts: u32::MAX,
        expires_at: Some(at(5)),
        leased_by: Some("node 1".to_owned()),
        last_error: Some("'; DROP TABLE jobs; -- 👩‍🚀".to_owned()),
        finished_at: Some(at(7)),
        payload: (0..=255).cycle().take(5000).collect(),
        ..job()
    };
    let bare = Job {
        subject: None,
        payload: Vec::new(),
        due_at: None,
        ..job()
    };
    for job in [&full, &bare] {
        add(&store, job).await;
        assert_eq!(found(&store, job.id).await, *job);
    }
    let nobody = JobId::from_uuid(uuid());
    assert_eq!(store.read().jobs().by_id(nobody).await.unwrap(), None);
}

/// The work that asks for a job must not be able to ask twice.
pub async fn a_job_id_is_used_once(store: Arc<dyn Store>) {
    let job = added(&store).await;
    let again = apply!(store, [job], |tx| tx.jobs().add(&job).await);
    assert!(again.is_err(), "{again:?}");
}

/// What is rolled back asks for nothing.
pub async fn a_job_is_asked_for_by_the_commit(store: Arc<dyn Store>) {
    let job = job();
    let refused: Result<(), StoreError> = apply!(store, [job], |tx| {
        tx.jobs().add(&job).await?;
        Err(StoreError::corrupt("a test"))
    });
    assert!(refused.is_err());
    assert_eq!(store.read().jobs().by_id(job.id).await.unwrap(), None);
}

/// Those that wait longest first.
pub async fn jobs_are_due_when_their_time_has_come(store: Arc<dyn Store>) {
    let mut jobs = Vec::new();
    for millis in [30, 10, 20] {
        let job = Job {
            due_at: Some(at(millis)),
            ..job()
        };
        add(&store, &job).await;
        jobs.push(job.id);
    }
    assert_eq!(due(&store, 9).await, []);
    assert_eq!(due(&store, 29).await, [jobs[1], jobs[2]]);
    assert_eq!(due(&store, 30).await, [jobs[1], jobs[2], jobs[0]]);
    let first = store.read().jobs().due(at(30), 1).await.unwrap();
    assert_eq!(first, [jobs[1]]);
}

/// And counts the attempt.
pub async fn a_lease_keeps_others_away_until_it_runs_out(store: Arc<dyn Store>) {
    let job = added(&store).await;
    let (first, second) = (lease("a", 100), lease("b", 200));
    assert!(!claim(&store, job.id, -1, &first).await, "before its time");
    assert!(claim(&store, job.id, 0, &first).await);
    let leased = Job {
        state: JobState::Leased,
        attempts: 1,
        due_at: Some(at(100)),
        leased_by: Some("a".to_owned()),
        ..job.clone()
    };
    assert_eq!(found(&store, job.id).await, leased);
    assert_eq!(due(&store, 99).await, []);
    assert!(!claim(&store, job.id, 99, &second).await);
    assert_eq!(due(&store, 100).await, [job.id]);
    assert!(claim(&store, job.id, 100, &second).await);
    assert_eq!(found(&store, job.id).await.attempts, 2);
    assert!(!claim(&store, JobId::from_uuid(uuid()), 100, &second).await);
}

/// Sixteen nodes that want all of sixteen jobs.
pub async fn of_sixteen_nodes_one_gets_each_job(store: Arc<dyn Store>) {
    let mut jobs = Vec::new();
    for _ in 0..RACERS {
        jobs.push(added(&store).await.id);
    }
    let claimed = race(|number| {
        let (store, mut jobs) = (Arc::clone(&store), jobs.clone());
        // Each begins somewhere else, and all meet everywhere.
        jobs.rotate_left(usize::from(number) / 2);
        async move {
            let lease = lease(&format!("node {number}"), 1000);
            let mut mine = Vec::new();
            for id in jobs {
                if claim(&store, id, 5, &lease).await {
                    mine.push(id);
                }
            }
            mine
        }
    })
    .await;
    let mut claimed = claimed.concat();
    claimed.sort();
    assert_eq!(claimed, jobs);
    for id in jobs {
        assert_eq!(found(&store, id).await.attempts, 1);
    }
}

/// It comes back as it was, whoever asks; nobody who does not know it performs it, and it does not keep others from their turn.
pub async fn a_job_of_a_newer_program_is_shown_and_left_to_it(store: Arc<dyn Store>) {
    let ada = UserId::from_uuid(uuid());
    let foreign = Job {
        kind: JobKind::Foreign("call_webhook".into()),
        subject: Some(ada),
        expires_at: Some(at(5)),
        ..job()
    };
    add(&store, &foreign).await;
    let ours = added(&store).await;
    assert_eq!(due(&store, 10).await, [ours.id]);
    assert!(!claim(&store, foreign.id, 10, &lease("a", 100)).await);
    assert_eq!(purge(&store, i64::MAX / 2, i64::MAX / 2, 10).await, 0);

    assert_eq!(found(&store, foreign.id).await, foreign);
    let query = JobQuery {
        state: Some(JobState::Waiting),
        after: None,
        limit: 10,
    };
    let mut read = store.read();
    let page = read.jobs().page(&query).await.unwrap();
    assert_eq!(page, [ours, foreign.clone()]);
    let of_ada = read.jobs().of_subject(ada, 10).await.unwrap();
    assert_eq!(of_ada, [foreign]);
}

/// The payload is not needed any more.
pub async fn a_job_that_is_done_forgets_its_payload(store: Arc<dyn Store>) {
    let job = added(&store).await;
    let held = lease("a", 100);
    claim(&store, job.id, 0, &held).await;
    assert!(finish(&store, job.id, &held, 7).await);
    let done = Job {
        state: JobState::Done,
        attempts: 1,
        payload: Vec::new(),
        due_at: None,
        finished_at: Some(at(7)),
        ..job.clone()
    };
    assert_eq!(found(&store, job.id).await, done);
    assert!(!finish(&store, job.id, &held, 8).await);
    assert_eq!(due(&store, i64::MAX / 2).await, []);
    assert!(!claim(&store, job.id, 200, &lease("b", 300)).await);
}

/// It waits for its next time, and the error is kept until it is done.
pub async fn a_job_that_failed_waits(store: Arc<dyn Store>) {
    let job = added(&store).await;
    let held = lease("a", 100);
    claim(&store, job.id, 0, &held).await;
    assert!(postpone(&store, job.id, &held, 50).await);
    let waiting = Job {
        attempts: 1,
        due_at: Some(at(50)),
        last_error: Some("no answer; 山田".to_owned()),
        ..job.clone()
    };
    assert_eq!(found(&store, job.id).await, waiting);
    assert_eq!(due(&store, 49).await, []);
    assert!(claim(&store, job.id, 50, &held).await);
    assert!(finish(&store, job.id, &held, 51).await);
    assert_eq!(found(&store, job.id).await.last_error, None);
}

/// By its holder, or by its end: what a worker finds out too late is not written.
pub async fn who_lost_the_lease_records_nothing(store: Arc<dyn Store>) {
    let job = added(&store).await;
    let (lost, held) = (lease("a", 100), lease("a", 200));
    claim(&store, job.id, 0, &lost).await;
    claim(&store, job.id, 100, &held).await;
    let before = found(&store, job.id).await;
    for stale in [lost, lease("b", 200)] {
        assert!(!finish(&store, job.id, &stale, 101).await);
        assert!(!postpone(&store, job.id, &stale, 101).await);
        assert!(!bury(&store, job.id, &stale, 101).await);
    }
    assert_eq!(found(&store, job.id).await, before);
    assert!(finish(&store, job.id, &held, 101).await);
}

/// With its payload, from its first attempt.
pub async fn a_dead_job_can_be_tried_again(store: Arc<dyn Store>) {
    let job = added(&store).await;
    let retry = async |id: JobId, due: i64| {
        apply!(store, [], |tx| tx.jobs().retry(id, at(due)).await).unwrap()
    };
    assert!(!retry(job.id, 5).await, "it waits anyway");
    let held = lease("a", 100);
    claim(&store, job.id, 0, &held).await;
    assert!(!retry(job.id, 5).await, "it is being performed");
    assert!(bury(&store, job.id, &held, 7).await);
    let dead = Job {
        state: JobState::Dead,
        attempts: 1,
        due_at: None,
        last_error: Some("given up".to_owned()),
        finished_at: Some(at(7)),
        ..job.clone()
    };
    assert_eq!(found(&store, job.id).await, dead);
    assert_eq!(due(&store, i64::MAX / 2).await, []);
    assert!(retry(job.id, 20).await);
    let waiting = Job {
        due_at: Some(at(20)),
        last_error: dead.last_error,
        ..job.clone()
    };
    assert_eq!(found(&store, job.id).await, waiting);
    assert!(!retry(job.id, 20).await);
    assert!(!retry(JobId::from_uuid(uuid()), 20).await);
}

/// One administrator is told that it was they.
pub async fn of_sixteen_retries_one_takes(store: Arc<dyn Store>) {
    let job = Job {
        state: JobState::Dead,
        due_at: None,
        ..job()
    };
    add(&store, &job).await;
    let took = race(|_| {
        let (store, id) = (Arc::clone(&store), job.id);
        async move { apply!(store, [], |tx| tx.jobs().retry(id, at(5)).await).unwrap() }
    })
    .await;
    assert_eq!(winners(&took), 1);
}

/// In any state.
pub async fn a_removed_job_is_gone(store: Arc<dyn Store>) {
    let job = added(&store).await;
    let held = lease("a", 100);
    claim(&store, job.id, 0, &held).await;
    let remove = async |id: JobId| apply!(store, [], |tx| tx.jobs().remove(id).await).unwrap();
    assert!(remove(job.id).await);
    assert!(!remove(job.id).await);
    assert!(!finish(&store, job.id, &held, 5).await);
    assert_eq!(store.read().jobs().by_id(job.id).await.unwrap(), None);
}

/// And no other's.
pub async fn a_persons_jobs_go_with_them(store: Arc<dyn Store>) {
    let ada = UserId::from_uuid(uuid());
    for state in [JobState::Waiting, JobState::Done, JobState::Dead] {
        let job = Job {
            subject: Some(ada),
            state,
            ..job()
        };
        add(&store, &job).await;
    }
    let (other, nobody) = (
        added(&store).await,
        Job {
            subject: None,
            ..job()
        },
    );
    add(&store, &nobody).await;
    let remove = async || apply!(store, [], |tx| tx.jobs().remove_of_subject(ada).await).unwrap();
    assert_eq!(remove().await, 3);
    assert_eq!(remove().await, 0);
    found(&store, other.id).await;
    found(&store, nobody.id).await;
}

/// Each once, of one state if so wished.
pub async fn pages_show_jobs_newest_first(store: Arc<dyn Store>) {
    let mut all = Vec::new();
    for state in [
        JobState::Dead,
        JobState::Waiting,
        JobState::Dead,
        JobState::Dead,
    ] {
        let job = Job { state, ..job() };
        add(&store, &job).await;
        all.push(job);
    }
    all.reverse();
    let page = async |state, after, limit| {
        let query = JobQuery {
            state,
            after,
            limit,
        };
        store.read().jobs().page(&query).await.unwrap()
    };
    assert_eq!(page(None, None, 10).await, all);
    assert_eq!(page(None, None, 2).await, all[..2]);
    assert_eq!(page(None, Some(all[1].id), 10).await, all[2..]);
    let dead: Vec<_> = [0, 1, 3].map(|index: usize| all[index].clone()).into();
    assert_eq!(page(Some(JobState::Dead), None, 10).await, dead);
    assert_eq!(
        page(Some(JobState::Dead), Some(dead[0].id), 1).await,
        dead[1..2]
    );
    assert_eq!(page(Some(JobState::Done), None, 10).await, []);
    let counts = store.read().jobs().counts().await.unwrap();
    let of = |state| {
        counts
            .iter()
            .find(|it| it.state == state)
            .map_or(0, |it: &JobCount| it.count)
    };
    assert_eq!((of(JobState::Dead), of(JobState::Waiting)), (3, 1));
    assert_eq!((of(JobState::Done), of(JobState::Leased)), (0, 0));
}

/// What was given up is kept for longer than what was done; what is not over is kept.
pub async fn what_is_over_is_forgotten_in_bounded_steps(store: Arc<dyn Store>) {
    for (state, finished) in [
        (JobState::Done, Some(100)),
        (JobState::Done, Some(100)),
        (JobState::Dead, Some(100)),
        (JobState::Waiting, None),
        (JobState::Leased, None),
    ] {
        let job = Job {
            state,
            finished_at: finished.map(at),
            due_at: finished.is_none().then_some(at(0)),
            ..job()
        };
        add(&store, &job).await;
    }
    assert_eq!(purge(&store, 100, 50, 10).await, 0);
    assert_eq!(purge(&store, 101, 50, 1).await, 1);
    assert_eq!(purge(&store, 101, 50, 10).await, 1);
    assert_eq!(purge(&store, 101, 50, 10).await, 0);
    assert_eq!(purge(&store, 200, 101, 10).await, 1);
    assert_eq!(due(&store, 5).await.len(), 2);
}

/// Of any state, from the given time on; of no other topic and nobody else.
pub async fn what_a_person_was_sent_is_counted(store: Arc<dyn Store>) {
    let ada = UserId::from_uuid(uuid());
    for (topic, millis, state) in [
        ("verify-email", 10, JobState::Done),
        ("verify-email", 20, JobState::Dead),
        ("verify-email", 30, JobState::Waiting),
        ("reset-password", 30, JobState::Waiting),
    ] {
        let job = Job {
            topic: topic.to_owned(),
            subject: Some(ada),
            created_at: at(millis),
            state,
            ..job()
        };
        add(&store, &job).await;
    }
    added(&store).await;
    let asked = async |since: i64| {
        let mut read = store.read();
        read.jobs()
            .asked_since(ada, "verify-email", at(since))
            .await
            .unwrap()
    };
    assert_eq!(
        (asked(10).await, asked(20).await, asked(31).await),
        (3, 2, 0)
    );
}

/// Oldest first, in any state and bounded.
pub async fn a_persons_jobs_are_listed(store: Arc<dyn Store>) {
    let ada = UserId::from_uuid(uuid());
    let mut all = Vec::new();
    for state in [JobState::Done, JobState::Waiting, JobState::Dead] {
        let job = Job {
            subject: Some(ada),
            state,
            ..job()
        };
        add(&store, &job).await;
        all.push(job);
        added(&store).await;
    }
    let mut read = store.read();
    assert_eq!(read.jobs().of_subject(ada, 9).await.unwrap(), all);
    assert_eq!(read.jobs().of_subject(ada, 2).await.unwrap(), all[..2]);
    let nobody = UserId::from_uuid(uuid());
    assert_eq!(read.jobs().of_subject(nobody, 9).await.unwrap(), []);
}
