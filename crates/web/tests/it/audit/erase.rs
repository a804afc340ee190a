//! Of whoever is erased the trail keeps that something happened, and nothing by which they are known.

use std::fmt::Write as _;

use ntt_auth_core::flow::{events_about, forget_person, verify_audit};
use ntt_auth_core::model::{Role, UserId};
use rusqlite::Connection;
use rusqlite::types::Value;
use serde_json::json;

use crate::app::{TestApp, sqlite};

/// Everything in the tables of the trail, as text and as bytes in hexadecimal.
fn dump(path: &std::path::Path) -> String {
    let connection = Connection::open(path).unwrap();
    let mut text = String::new();
    for table in [
        "audit_events",
        "audit_head",
        "audit_checkpoints",
        "subject_keys",
        "security_events",
    ] {
        let mut statement = connection
            .prepare(&format!("SELECT * FROM {table}"))
            .unwrap();
        let width = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..width {
                match row.get(column).unwrap() {
                    Value::Blob(bytes) => {
                        for byte in &bytes {
                            write!(text, "{byte:02x}").unwrap();
                        }
                        write!(text, " {}", String::from_utf8_lossy(&bytes)).unwrap();
                    }
                    Value::Text(word) => text.push_str(&word),
                    other => write!(text, "{other:?}").unwrap(),
                }
                text.push('\n');
            }
        }
    }
    text
}

fn marks_of(user: UserId, session: &str) -> [String; 4] {
    [
        user.to_string(),
        user.uuid().simple().to_string(),
        session.replace('-', ""),
        "203.0.113.77".to_owned(),
    ]
}

#[tokio::test]
async fn pro5_whoever_is_erased_cannot_be_read_back_and_the_trail_still_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let app = TestApp::builder()
        .store(sqlite(&format!("sqlite:{}", path.display())).await)
        .build()
        .await;
    let admin = app.admin().await;
    let account = app.account("ada", Role::User).await;
    let ada = app
        .anon()
        .at("203.0.113.77")
        .sign_in("ada@example.com", crate::app::PASSWORD)
        .await;
    let session = ada.session().to_string();
    let body = json!({ "email": "ada@example.com", "password": "Wrong-Word-1843" });
    app.anon()
        .at("203.0.113.77")
        .post("/api/v1/auth/login", body)
        .await
        .is(401);
    admin
        .post_empty(&format!("/api/v1/users/{}/suspend", account.id))
        .await
        .is(200);

    let before = events_about(&app.auth, account.id, 100).await.unwrap();
    assert!(before.len() >= 4);
    let from = before.iter().filter(|event| {
        event
            .ip_address
            .is_some_and(|ip| ip.to_string() == "203.0.113.77")
    });
    assert_eq!(from.count(), 2);
    let marks = marks_of(account.id, &session);
    let told = dump(&path);
    assert!(told.contains(&marks[1]) && told.contains(&marks[2]));
    assert!(!told.contains(&marks[3]), "an address stands in the clear");

    forget_person(&app.auth, account.id).await.unwrap();
    let told = dump(&path);
    for mark in &marks {
        assert!(!told.contains(mark.as_str()), "{mark} is still there");
    }
    assert_eq!(events_about(&app.auth, account.id, 100).await.unwrap(), []);
    let report = verify_audit(&app.auth, &[], &mut |_, _| {}).await.unwrap();
    assert_eq!(report.findings, []);

    // What is left tells that something happened, and when; of an administrator's act also who.
    let list = admin
        .get("/api/v1/audit-events?kind=user_suspended")
        .await
        .is(200)
        .json();
    let event = &list["items"][0];
    assert_eq!(event["erased"], true);
    assert_eq!(event["subjectId"], json!(null));
    assert_eq!(event["actorId"], admin.id().to_string());
    assert_eq!(event["ipAddress"], "198.51.100.1");
    let list = admin
        .get("/api/v1/audit-events?result=failure")
        .await
        .is(200)
        .json();
    let event = &list["items"][0];
    assert_eq!(
        (&event["erased"], &event["ipAddress"]),
        (&json!(true), &json!(null))
    );

    // Whatever still happens to them, such as a sign-in that was under way, is written without them.
    forget_person(&app.auth, account.id).await.unwrap();
    let body = json!({ "email": "ada@example.com", "password": "Wrong-Word-1843" });
    app.anon()
        .at("203.0.113.77")
        .post("/api/v1/auth/login", body)
        .await
        .is(401);
    let told = dump(&path);
    for mark in &marks {
        assert!(!told.contains(mark.as_str()), "{mark} is there again");
    }
    let report = verify_audit(&app.auth, &[], &mut |_, _| {}).await.unwrap();
    assert_eq!(report.findings, []);
}
