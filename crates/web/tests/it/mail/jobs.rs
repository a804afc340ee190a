//! Jobs: tried again, given up in sight, and looked after by administrators (OPS-10).

use std::time::Duration;

use ntt_auth_core::flow::{purge, run_jobs};
use ntt_auth_core::model::{EventKind, Job, JobId, JobKind, JobState, Mail, Role};
use ntt_auth_core::port::{MailError, Mailer};
use ntt_auth_core::store::{JobQuery, StoreError, Tx, Work, transact};
use serde_json::{Value, json};

use super::registered;
use crate::app::{PASSWORD, TestApp};

const JOBS: &str = "/api/v1/system/jobs";

async fn register(app: &TestApp, name: &str) {
    let body = json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
    app.anon().post("/api/v1/auth/register", body).await.is(201);
}

async fn all(app: &TestApp) -> Vec<Job> {
    let query = JobQuery {
        state: None,
        after: None,
        limit: 1000,
    };
    app.auth.store().read().jobs().page(&query).await.unwrap()
}

async fn one(app: &TestApp) -> Job {
    let mut jobs = all(app).await;
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    jobs.remove(0)
}

#[tokio::test]
async fn ops10_a_mail_is_tried_again_with_growing_delays_until_it_goes() {
    let app = TestApp::new().await;
    register(&app, "ada").await;
    app.mailer
        .refuse(Some(MailError::Transient("421 come back later".into())));
    let mut delays = Vec::new();
    for attempt in 1..=5 {
        let report = run_jobs(&app.auth, &*app.mailer, "a", 10).await.unwrap();
        assert_eq!(report.postponed, 1);
        let job = one(&app).await;
        assert_eq!((job.state, job.attempts), (JobState::Waiting, attempt));
        assert_eq!(job.last_error.as_deref(), Some("421 come back later"));
        let delay = job.due_at.unwrap().since(app.auth.now());
        delays.push(delay);
        app.clock
            .advance(delay.saturating_sub(Duration::from_millis(1)));
        let early = run_jobs(&app.auth, &*app.mailer, "a", 10).await.unwrap();
        assert_eq!(early, ntt_auth_core::flow::JobsReport::default());
        app.clock.advance(Duration::from_millis(1));
    }
    for (index, delay) in delays.iter().enumerate() {
        let least = Duration::from_secs(10) * (1 << index);
        assert!((least..=least * 5 / 4).contains(delay), "{delays:?}");
    }
    app.mailer.refuse(None);
    assert_eq!(app.mails().await.len(), 1);
    let done = one(&app).await;
    assert_eq!(done.state, JobState::Done);
    assert!(done.payload.is_empty());
    assert_eq!(app.mails().await.len(), 0);
}

#[tokio::test]
async fn ops10_what_cannot_be_delivered_is_given_up_in_sight_without_the_address() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    register(&app, "ada").await;
    let said = "550 5.1.1 <ada@example.com>: Recipient ada unknown";
    app.mailer.refuse(Some(MailError::Permanent(said.into())));
    let report = run_jobs(&app.auth, &*app.mailer, "a", 10).await.unwrap();
    assert_eq!(report.dead, 1);
    let listed = root.get(&format!("{JOBS}?state=dead")).await;
    let listed = listed.is(200).json();
    let job = &listed["items"][0];
    assert_eq!(job["kind"], "mail");
    assert_eq!(job["topic"], "verify-email");
    assert_eq!(job["attempts"], 1);
    assert_eq!(
        job["lastError"],
        "550 5.1.1 [address] Recipient [address] unknown"
    );
    assert!(!listed.to_string().contains("ada@"));
    // Once the cause is cured it can be sent.
    app.mailer.refuse(None);
    let id = job["jobId"].as_str().unwrap();
    let retry = format!("{JOBS}/{id}/retry");
    root.post_empty(&retry).await.is(204);
    root.post_empty(&retry).await.refuses(409, "conflict");
    assert_eq!(app.mail().await.to.as_str(), "ada@example.com");
    let subject = one(&app).await.subject.unwrap();
    let told = super::kinds(&app, subject).await;
    assert!(told.contains(&EventKind::JobRetried));
}

#[tokio::test]
async fn ops10_a_mail_is_given_up_after_about_a_day() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let body = json!({ "currentPassword": PASSWORD, "newPassword": super::NEW });
    ada.post("/api/v1/auth/change-password", body).await.is(204);
    app.mailer
        .refuse(Some(MailError::Transient("no connection".into())));
    let began = app.auth.now();
    let mut attempts = 0;
    while one(&app).await.state == JobState::Waiting {
        let due = one(&app).await.due_at.unwrap();
        app.clock.advance(due.since(app.auth.now()));
        run_jobs(&app.auth, &*app.mailer, "a", 10).await.unwrap();
        attempts += 1;
        assert!(attempts < 100);
    }
    let job = one(&app).await;
    assert_eq!((job.state, job.attempts), (JobState::Dead, 30));
    let tried = app.auth.now().since(began);
    assert!((Duration::from_hours(20)..Duration::from_hours(34)).contains(&tried));
}

#[tokio::test]
async fn ops10_a_mail_whose_link_has_expired_is_not_sent() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    register(&app, "ada").await;
    app.clock.advance(Duration::from_hours(24));
    let report = run_jobs(&app.auth, &*app.mailer, "a", 10).await.unwrap();
    assert_eq!(report.dead, 1);
    assert!(app.mailer.take().is_empty());
    let job = one(&app).await;
    assert!(job.last_error.unwrap().starts_with("it came too late"));
    // Nor can it be.
    root.refreshed()
        .await
        .post_empty(&format!("{JOBS}/{}/retry", job.id))
        .await
        .refuses(409, "conflict");
}

/// A mailer that never comes back stands for a process that died in the middle.
struct Hangs;

#[async_trait::async_trait]
impl Mailer for Hangs {
    async fn send(&self, _: JobId, _: &Mail) -> Result<(), MailError> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn ops10_a_crashed_workers_job_is_taken_over_under_the_same_id() {
    let app = TestApp::new().await;
    register(&app, "ada").await;
    let mut dead = Box::pin(run_jobs(&app.auth, &Hangs, "dead", 10));
    assert!(futures::poll!(dead.as_mut()).is_pending());
    while one(&app).await.state != JobState::Leased {
        assert!(futures::poll!(dead.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    drop(dead);
    let id = one(&app).await.id;
    assert_eq!(app.mails().await.len(), 0, "it is leased");
    app.clock.advance(Duration::from_mins(5));
    run_jobs(&app.auth, &*app.mailer, "alive", 10)
        .await
        .unwrap();
    let sent = app.mailer.take();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].0, id);
    assert_eq!(one(&app).await.attempts, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ops10_of_many_workers_each_mail_is_sent_by_one() {
    let app = TestApp::new().await;
    for index in 0..20 {
        register(&app, &format!("user{index}")).await;
    }
    let workers = (0..16).map(|index| {
        let app = app.clone();
        tokio::spawn(async move {
            run_jobs(&app.auth, &*app.mailer, &format!("node {index}"), 100)
                .await
                .unwrap()
                .done
        })
    });
    let done: u32 = futures::future::join_all(workers)
        .await
        .into_iter()
        .map(Result::unwrap)
        .sum();
    assert_eq!(done, 20);
    let mut sent: Vec<String> = app
        .mailer
        .take()
        .into_iter()
        .map(|(_, mail)| mail.to.as_str().to_owned())
        .collect();
    assert_eq!(sent.len(), 20);
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), 20);
}

#[tokio::test]
async fn ops10_what_is_over_is_forgotten_after_a_while() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    register(&app, "bob").await;
    app.mailer
        .refuse(Some(MailError::Permanent("550 no".into())));
    app.mails().await;
    assert_eq!(all(&app).await.len(), 2);
    app.clock
        .advance(Duration::from_hours(24) + Duration::from_millis(1));
    purge(&app.auth).await.unwrap();
    assert_eq!(one(&app).await.state, JobState::Dead);
    app.clock.advance(Duration::from_hours(29 * 24));
    purge(&app.auth).await.unwrap();
    assert_eq!(all(&app).await, []);
}

#[tokio::test]
async fn jobs_are_paged_newest_first_and_removed() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    for name in ["ada", "bob", "eve"] {
        register(&app, name).await;
        app.clock.advance(Duration::from_millis(5));
    }
    let page = async |query: &str| root.get(&format!("{JOBS}{query}")).await;
    let first = page("?limit=2").await.is(200).json();
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = page(&format!("?limit=2&cursor={cursor}")).await.json();
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    assert_eq!(second["nextCursor"], Value::Null);
    page(&format!("?limit=2&state=waiting&cursor={cursor}"))
        .await
        .refuses_field("/cursor", "invalid_cursor");
    page("?limit=0")
        .await
        .refuses_field("/limit", "out_of_range");
    page("?state=x").await.refuses(422, "validation_failed");
    let id = second["items"][0]["jobId"].as_str().unwrap();
    root.delete(&format!("{JOBS}/{id}")).await.is(204);
    root.delete(&format!("{JOBS}/{id}"))
        .await
        .refuses(404, "not_found");
    let mails = app.mails().await;
    let mut to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["bob@example.com", "eve@example.com"]);
    for (path, method) in [
        (JOBS.to_owned(), http::Method::GET),
        (format!("{JOBS}/{id}"), http::Method::DELETE),
        (format!("{JOBS}/{id}/retry"), http::Method::POST),
    ] {
        let name = format!("admin{}", path.len());
        let admin = app.signed_in(&name, Role::Admin).await;
        admin
            .send(method, &path, None)
            .await
            .refuses(403, "forbidden");
    }
}

struct Add(Job);

#[async_trait::async_trait]
impl Work for Add {
    type Output = ();

    async fn apply(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        tx.jobs().add(&self.0).await
    }
}

#[tokio::test]
async fn ops10_a_job_that_a_newer_node_asked_for_is_shown_and_left_to_it() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    register(&app, "ada").await;
    let ours = one(&app).await;
    let newer = Job {
        id: JobId::new(app.auth.now(), app.auth.entropy()),
        kind: JobKind::Foreign("call_webhook".into()),
        topic: "user.created".to_owned(),
        ..ours.clone()
    };
    transact(app.auth.store(), Add(newer.clone()))
        .await
        .unwrap();

    assert_eq!(app.mails().await.len(), 1, "the mail goes all the same");
    let listed = root.get(JOBS).await;
    let items = listed.is(200).json()["items"].clone();
    let kinds: Vec<_> = [0, 1].map(|index| &items[index]["kind"]).into();
    assert!(kinds.contains(&&json!("call_webhook")) && kinds.contains(&&json!("mail")));
    let job = all(&app)
        .await
        .into_iter()
        .find(|job| job.id == newer.id)
        .unwrap();
    assert_eq!(job, newer, "it waits as it did");
    // What is held on somebody names it, too.
    let path = format!("/api/v1/users/{}/export", ours.subject.unwrap());
    let export = root.get(&path).await.is(200).json().to_string();
    assert!(export.contains("call_webhook"), "{export}");
    // An administrator may forget it.
    let path = format!("{JOBS}/{}", newer.id);
    root.delete(&path).await.is(204);
    assert_eq!(all(&app).await.len(), 1);
}
