//! What the server does by itself, and what is done to it: keys, jobs, the audit trail, what is over, moving in and coming back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ntt_auth_core::flow::{ImportTerms, JobsReport, Measure};
use ntt_auth_core::flow::{
    adopt_events, checkpoint_audit, ensure_keys, erase_deleted, erase_unverified, forget_person,
    invalidate_restored, keep_erasures, note_export, purge, reconcile_erasures, replace_keys,
    rotate_keys, run_jobs, trim_audit,
};
use ntt_auth_core::model::{ImportDigest, Role};
use ntt_auth_core::port::{ErasureLog, ErasureLogError, MailError};
use ntt_auth_core::transfer::Format;
use serde_json::json;

use super::{Left, NOTHING, Scene, told};
use crate::app::{PASSWORD, TestApp};
use crate::users::import::{begin, rows};

const DAY: Duration = Duration::from_hours(24);
/// The account is gone with the first transaction; the second looks again for what a sign-in of that moment may have left.
const ERASED: Left = Left {
    tidies: true,
    ..NOTHING
};

const STEPS: Left = Left {
    steps: true,
    ..NOTHING
};

#[tokio::test]
async fn v2_3_3_a_fault_among_keys_leaves_nothing_half_done() {
    let scene = Scene::of(TestApp::builder()).await;
    let auth = &scene.app.auth;
    scene.disk.run("DELETE FROM signing_keys");
    let first = async || told(ensure_keys(auth).await);
    assert!(scene.hold("ensure_keys", NOTHING, first).await > 1);
    let ada = scene.app.user("ada").await;
    let rotate = async || told(rotate_keys(auth, true).await);
    assert!(scene.hold("rotate_keys", NOTHING, rotate).await > 3);
    ada.validate().await.is(200);
    let replace = async || told(replace_keys(auth).await);
    assert!(scene.hold("replace_keys", NOTHING, replace).await > 5);
    assert_eq!(ada.validate().await.status, 401);
    scene.is_whole().await;
}

/// A job is begun in one transaction and noted in another, since no transaction waits for a mail server. One that is not noted
/// is done again when its lease is over.
const LEASED: Left = Left {
    of: &["jobs"],
    ..NOTHING
};

impl Scene {
    /// As [`Scene::hold`], for the one job that waits.
    async fn holds_job(&self, expected: JobsReport) {
        let attempt = async || {
            // As when the lease is over, without the time in which the job would be of no use any more.
            self.disk.run(
                "UPDATE jobs SET state = 'waiting', attempts = 0, leased_by = NULL, due_at = created_at
                 WHERE state = 'leased'",
            );
            let report = told(run_jobs(&self.app.auth, &*self.app.mailer, "a", 1).await)?;
            assert_eq!(report, expected);
            Ok(())
        };
        assert!(self.hold(&format!("{expected:?}"), LEASED, attempt).await > 1);
    }
}

#[tokio::test]
async fn v2_3_3_a_fault_in_a_job_leaves_nothing_half_done() {
    let scene = Scene::of(TestApp::builder()).await;
    let app = &scene.app;
    let ada = app.user("ada").await;
    let done = JobsReport {
        done: 1,
        ..JobsReport::default()
    };
    // The request, and the mail that comes of it.
    let requests = [
        ("forgot-password", json!({ "email": "ada@example.com" })),
        ("resend-verification", json!({ "email": "ada@example.com" })),
        (
            "change-email",
            json!({ "newEmail": "new@example.com", "currentPassword": PASSWORD }),
        ),
    ];
    for (path, body) in requests {
        ada.post(&format!("/api/v1/auth/{path}"), body)
            .await
            .is(202);
        scene.holds_job(done).await;
        app.mailer
            .refuse(Some(MailError::Transient("421 later".into())));
        let postponed = JobsReport {
            postponed: 1,
            ..JobsReport::default()
        };
        scene.holds_job(postponed).await;
        app.mailer
            .refuse(Some(MailError::Permanent("550 no".into())));
        let dead = JobsReport {
            dead: 1,
            ..JobsReport::default()
        };
        app.clock.advance(Duration::from_secs(20));
        scene.holds_job(dead).await;
        app.mailer.refuse(None);
    }
    scene.is_whole().await;
}

#[tokio::test]
async fn v2_3_3_a_fault_in_the_trail_leaves_nothing_half_done() {
    let builder = TestApp::builder().rules(|rules| rules.audit.retention = Some(DAY));
    let scene = Scene::of(builder).await;
    let (app, auth) = (&scene.app, &scene.app.auth);
    scene.disk.run(
        "INSERT INTO security_events (id, kind, occurred_at, subject_id)
         VALUES (x'01010101010101010101010101010101', 'signed_in', 1767225600000, x'07070707070707070707070707070707')",
    );
    let adopt = async || told(adopt_events(auth).await);
    assert!(scene.hold("adopt_events", STEPS, adopt).await > 3);
    for name in ["ada", "bob"] {
        app.account(name, Role::User).await;
    }
    let sign = async || told(checkpoint_audit(auth).await);
    assert!(scene.hold("checkpoint_audit", NOTHING, sign).await > 1);
    let export = async || told(note_export(auth, "csv".to_owned()).await);
    assert!(scene.hold("note_export", NOTHING, export).await > 1);
    let carol = app.user("carol").await;
    let forget = async || told(forget_person(auth, carol.id()).await);
    assert!(scene.hold("forget_person", NOTHING, forget).await > 1);
    app.clock.advance(2 * DAY);
    let before = scene.disk.dump();
    let trim = async || told(trim_audit(auth).await);
    assert!(scene.hold("trim_audit", NOTHING, trim).await > 3);
    assert_ne!(before["audit_events"], scene.disk.dump()["audit_events"]);
    scene.is_whole().await;
}

#[tokio::test]
async fn v2_3_3_a_fault_while_what_is_over_is_forgotten_leaves_nothing_half_done() {
    let scene = Scene::of(TestApp::builder()).await;
    let (app, auth) = (&scene.app, &scene.app.auth);
    let ada = app.user("ada").await;
    app.anon().sign_in("ada@example.com", PASSWORD).await;
    let body = json!({ "email": "ada@example.com" });
    ada.post("/api/v1/auth/forgot-password", body).await.is(202);
    app.mails().await;
    ada.post_empty("/api/v1/auth/logout-all").await.is(204);
    rotate_keys(auth, true).await.unwrap();
    app.clock.advance(20 * DAY);
    let forget = async || told(purge(auth).await);
    assert!(scene.hold("purge", NOTHING, forget).await > 5);

    app.operate(ada.id(), Measure::Delete).await;
    app.clock.advance(91 * DAY);
    let erase = async || told(erase_deleted(auth).await);
    assert!(scene.hold("erase_deleted", ERASED, erase).await > 5);
    app.account("keeper", Role::SuperAdmin).await;

    let body = json!({ "email": "bob@example.com", "password": PASSWORD });
    let registered = app.anon().post("/api/v1/auth/register", body).await;
    registered.is(201);
    app.clock.advance(29 * DAY);
    app.anon().sign_in("bob@example.com", PASSWORD).await;
    app.clock.advance(2 * DAY);
    // He uses it, and is not looked at again for a while.
    let erase = async || told(erase_unverified(auth).await);
    assert!(scene.hold("erase_unverified: used", NOTHING, erase).await > 0);
    app.clock.advance(31 * DAY);
    assert!(scene.hold("erase_unverified", ERASED, erase).await > 5);
    assert_eq!(app.accounts().await, 1);

    app.clock.advance(1100 * DAY);
    let forget = async || told(keep_erasures(auth).await);
    assert_eq!(scene.hold("keep_erasures", NOTHING, forget).await, 1);
    scene.is_whole().await;
}

/// A log that outlives its store.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

#[async_trait]
impl ErasureLog for Lines {
    async fn lines(&self) -> Result<Vec<String>, ErasureLogError> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(lines.clone())
    }

    async fn append(&self, new: Vec<String>) -> Result<(), ErasureLogError> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.extend(new);
        Ok(())
    }

    async fn replace(&self, new: Vec<String>) -> Result<(), ErasureLogError> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *lines = new;
        Ok(())
    }
}

#[tokio::test]
async fn v2_3_3_a_fault_while_a_store_is_put_back_leaves_nothing_half_done() {
    let log = Arc::new(Lines::default());
    let scene = Scene::of(TestApp::builder().erasure_log(log)).await;
    let (app, auth) = (&scene.app, &scene.app.auth);
    app.account("keeper", Role::SuperAdmin).await;
    let ada = app.user("ada").await;
    scene.disk.run("CREATE TABLE backup AS SELECT * FROM users");
    // Who came after the backup and was erased, too, is told to the store again.
    let bob = app.user("bob").await;
    for user in [&ada, &bob] {
        let body = json!({ "currentPassword": PASSWORD });
        user.post("/api/v1/users/me/erase", body).await.is(204);
    }
    scene
        .disk
        .run("INSERT OR IGNORE INTO users SELECT * FROM backup; DELETE FROM erasures;");
    assert_eq!(app.accounts().await, 2);
    let reconcile = async || told(reconcile_erasures(auth).await);
    let writes = scene.hold("reconcile_erasures", STEPS, reconcile).await;
    assert!(writes > 5, "{writes}");
    assert_eq!(app.accounts().await, 1);
    assert_eq!(scene.disk.dump()["erasures"].len(), 2);
    let carol = app.user("carol").await;
    let restored = async || told(invalidate_restored(auth, app.auth.now()).await);
    assert!(scene.hold("invalidate_restored", NOTHING, restored).await > 3);
    carol.refresh().await.refuses(401, "refresh_token_invalid");
    scene.is_whole().await;
}

#[tokio::test]
async fn v2_3_3_a_fault_in_an_import_leaves_nothing_half_done() {
    let scene = Scene::of(TestApp::builder()).await;
    let (app, auth) = (&scene.app, &scene.app.auth);
    let digest = Some(ImportDigest::new([9; 32]));
    let terms = || ImportTerms::new(Format::Jsonl);
    let start = async || told(begin(app, terms(), digest, false).await.map(drop));
    assert_eq!(scene.hold("begin", NOTHING, start).await, 1);
    let take = async || {
        let mut import = told(begin(app, terms(), digest, true).await)?;
        let batch = rows(3).batch(0, true).unwrap();
        told(import.take(auth, batch).await)
    };
    assert!(scene.hold("take", NOTHING, take).await > 10);
    let end = async || {
        let import = told(begin(app, terms(), digest, true).await)?;
        told(import.finish(auth).await)
    };
    assert_eq!(scene.hold("finish", NOTHING, end).await, 1);
    assert_eq!(app.accounts().await, 3);

    // Of whoever registered with another's address nothing is left, or everything.
    let root = app.super_admin().await;
    let eve = app.user("eve").await;
    let row = json!({ "email": "eve@example.com", "isEmailVerified": true, "role": "user" });
    let path = "/api/v1/users/import?format=jsonl&onConflict=update";
    let kind = [("content-type", "application/x-ndjson")];
    let hand_over = async || {
        let answer = root.send_raw(http::Method::POST, path, &kind, row.to_string());
        super::answers(&answer.await, 200)
    };
    assert!(scene.hold("hand over", NOTHING, hand_over).await > 8);
    eve.validate().await.refuses(401, "token_revoked");
    scene.is_whole().await;
}
