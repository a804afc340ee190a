//! Signing, forgetting, taking over.

use std::time::Duration;

use ntt_auth_core::flow::{
    adopt_events, audit_events_after, checkpoint_audit, checkpoint_if_due, events_about,
    note_export, trim_audit, verify_audit,
};
use ntt_auth_core::model::{EventKind, Role};
use rusqlite::{Connection, params};

use crate::app::{PASSWORD, TestApp, sqlite};

async fn whole(app: &TestApp) -> (i64, i64) {
    let report = verify_audit(&app.auth, &[], &mut |_, _| {}).await.unwrap();
    assert_eq!(report.findings, []);
    (report.first, report.latest)
}

#[tokio::test]
async fn checkpoints_are_made_when_they_are_due_and_only_then() {
    let app = TestApp::builder()
        .rules(|rules| rules.audit.checkpoint_events = 5)
        .build()
        .await;
    assert_eq!(checkpoint_if_due(&app.auth).await.unwrap(), None);
    app.account("ada", Role::User).await;
    // The first is due at once: there is none that could be old.
    let first = checkpoint_if_due(&app.auth).await.unwrap().unwrap();
    assert_eq!((first.sequence, first.previous), (1, 0));
    app.account("bob", Role::User).await;
    assert_eq!(checkpoint_if_due(&app.auth).await.unwrap(), None);
    app.clock.advance(Duration::from_hours(1));
    let second = checkpoint_if_due(&app.auth).await.unwrap().unwrap();
    assert_eq!((second.sequence, second.previous), (2, 1));
    for name in ["c", "d", "e", "f", "g"] {
        assert_eq!(checkpoint_if_due(&app.auth).await.unwrap(), None);
        app.account(name, Role::User).await;
    }
    let third = checkpoint_if_due(&app.auth).await.unwrap().unwrap();
    assert_eq!(third.sequence, 7);
    assert_eq!(checkpoint_audit(&app.auth).await.unwrap(), None);
    whole(&app).await;
}

#[tokio::test]
async fn old_events_are_forgotten_and_the_rest_still_verifies() {
    let app = TestApp::builder()
        .rules(|rules| rules.audit.retention = Some(Duration::from_hours(24)))
        .build()
        .await;
    for name in ["a", "b", "c"] {
        app.account(name, Role::User).await;
    }
    checkpoint_audit(&app.auth).await.unwrap().unwrap();
    app.clock.advance(Duration::from_hours(20));
    app.account("d", Role::User).await;
    app.account("e", Role::User).await;
    checkpoint_audit(&app.auth).await.unwrap().unwrap();
    assert_eq!(trim_audit(&app.auth).await.unwrap(), 0);
    app.clock.advance(Duration::from_hours(5));
    assert_eq!(trim_audit(&app.auth).await.unwrap(), 3);
    assert_eq!(whole(&app).await, (4, 6));
    let events = audit_events_after(&app.auth, 0, 10).await.unwrap();
    assert_eq!(events.last().unwrap().kind, "audit_trimmed");
    assert_eq!(
        events.last().unwrap().detail.as_deref(),
        Some("through event 3")
    );
    app.account("f", Role::User).await;
    checkpoint_audit(&app.auth).await.unwrap().unwrap();
    assert_eq!(whole(&app).await, (4, 7));

    // All of it, in the middle of what no checkpoint tells of.
    app.account("g", Role::User).await;
    app.clock.advance(Duration::from_hours(100));
    assert_eq!(trim_audit(&app.auth).await.unwrap(), 5);
    assert_eq!(whole(&app).await, (9, 9));
    app.account("h", Role::User).await;
    checkpoint_audit(&app.auth).await.unwrap().unwrap();
    assert_eq!(whole(&app).await, (9, 10));
}

#[tokio::test]
async fn forgetting_goes_by_steps_and_is_told_once() {
    let app = TestApp::builder()
        .rules(|rules| rules.audit.retention = Some(Duration::from_hours(24)))
        .build()
        .await;
    for (count, through) in [(1000, 1000), (1001, 2001)] {
        let trimmed = u64::from(through > 1000);
        for _ in 0..count - trimmed {
            note_export(&app.auth, "csv".to_owned()).await.unwrap();
        }
        app.clock.advance(Duration::from_hours(25));
        assert_eq!(trim_audit(&app.auth).await.unwrap(), count);
        let left = audit_events_after(&app.auth, 0, 10).await.unwrap();
        assert_eq!(left.len(), 1, "{left:?}");
        let told = format!("through event {through}");
        assert_eq!(left[0].detail.as_deref(), Some(told.as_str()));
        whole(&app).await;
    }
}

#[tokio::test]
async fn events_from_before_the_trail_are_taken_over_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let app = TestApp::builder()
        .store(sqlite(&format!("sqlite:{}", path.display())).await)
        .build()
        .await;
    let intruder = Connection::open(&path).unwrap();
    let ada = [7_u8; 16];
    let insert = |number: u32| {
        intruder
            .execute(
                "INSERT INTO security_events (id, kind, occurred_at, subject_id, ip_address, detail) \
                 VALUES (?, 'signed_in', ?, ?, '203.0.113.7', 'x')",
                params![u128::from(number).to_be_bytes(), 1_700_000_000_000_i64 + i64::from(number), ada],
            )
            .unwrap();
    };
    (1..=1203).for_each(insert);
    assert_eq!(adopt_events(&app.auth).await.unwrap(), 1203);
    let count = |table| {
        let query = format!("SELECT COUNT(*) FROM {table}");
        intruder
            .query_row(&query, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!((count("security_events"), count("audit_events")), (0, 1204));
    assert_eq!(whole(&app).await, (1, 1204));
    let last = audit_events_after(&app.auth, 1203, 9).await.unwrap();
    assert_eq!(last[0].kind, EventKind::AuditStarted.as_str());
    assert_eq!(last[0].detail.as_deref(), Some("1203 events from before"));
    let found = events_about(&app.auth, uuid(ada), 1).await.unwrap();
    assert_eq!(found[0].sequence, 1203);
    assert_eq!(found[0].ip_address.unwrap().to_string(), "203.0.113.7");

    // What somebody writes there afterwards is not made true.
    insert(2000);
    assert_eq!(adopt_events(&app.auth).await.unwrap(), 0);
    assert_eq!(count("audit_events"), 1204);
    intruder
        .execute("UPDATE audit_head SET adopting = 1", [])
        .unwrap();
    assert_eq!(adopt_events(&app.auth).await.unwrap(), 0);
    assert_eq!(count("audit_events"), 1204);
}

fn uuid(bytes: [u8; 16]) -> ntt_auth_core::model::UserId {
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    format!(
        "{}-{}-{}-{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..]
    )
    .parse()
    .unwrap()
}

#[tokio::test]
async fn a_trail_that_others_write_to_verifies_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("x.db").display());
    let app = TestApp::builder()
        .store(sqlite(&url).await)
        .rules(|rules| rules.audit.retention = Some(Duration::from_hours(1)))
        .build()
        .await;
    app.account("ada", Role::User).await;
    let writer = tokio::spawn({
        let app = app.clone();
        async move {
            for number in 0..40 {
                app.anon().sign_in("ada@example.com", PASSWORD).await;
                if number % 10 == 9 {
                    app.clock.advance(Duration::from_mins(50));
                    trim_audit(&app.auth).await.unwrap();
                    checkpoint_audit(&app.auth).await.unwrap();
                }
            }
        }
    });
    while !writer.is_finished() {
        whole(&app).await;
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
    let (first, latest) = whole(&app).await;
    assert!(first > 1 && latest > 40, "{first} {latest}");
}
