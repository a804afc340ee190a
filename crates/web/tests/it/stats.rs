//! Figures for administrators (AUT-2).

use std::time::Duration;

use ntt_auth_core::model::Role;
use serde_json::{Value, json};

use crate::app::TestApp;

const STATS: &str = "/api/v1/system/stats";

#[tokio::test]
async fn accounts_sessions_and_days_are_counted() {
    let app = TestApp::new().await;
    let _ada = app.user("ada").await;
    let gone = app.account("gone", Role::User).await;
    let wrong = json!({ "email": "ada@example.com", "password": "Wrong-Password-1" });
    app.anon()
        .post("/api/v1/auth/login", wrong)
        .await
        .refuses(401, "invalid_credentials");
    app.clock.advance(Duration::from_hours(24));
    let admin = app.admin().await;
    admin
        .delete(&format!("/api/v1/users/{}", gone.id))
        .await
        .is(204);
    let stats = admin.get(&format!("{STATS}?days=3")).await.is(200).json();
    assert_eq!(
        stats["accounts"],
        json!({
            "total": 2, "active": 2, "suspended": 0, "deleted": 1, "unverified": 3,
            "byRole": { "super_admin": 0, "admin": 1, "moderator": 0, "user": 1, "guest": 0 },
        })
    );
    let day = |date: &str, registrations, sign_ins, failures| json!({ "date": date, "registrations": registrations, "signIns": sign_ins, "signInFailures": failures });
    assert_eq!(
        stats["days"],
        json!([
            day("2025-12-31", 0, 0, 0),
            day("2026-01-01", 2, 1, 1),
            day("2026-01-02", 1, 1, 0),
        ])
    );
    assert_eq!(stats["openSessions"], 2);
    assert!(stats["jobs"].is_object());

    // Counted anew after ten seconds, not before; days that are over are remembered.
    app.account("new", Role::User).await;
    let again = async || admin.get(&format!("{STATS}?days=2")).await.is(200).json();
    assert_eq!(again().await["accounts"]["total"], 2);
    app.clock.advance(Duration::from_secs(10));
    assert_eq!(again().await["accounts"]["total"], 3);
    assert_eq!(again().await["days"][1]["registrations"], 2);
    app.clock.advance(Duration::from_mins(50));
    let longer = admin.get(STATS).await.is(200).json();
    assert_eq!(longer["days"].as_array().unwrap().len(), 30);
}

#[tokio::test]
async fn moderators_are_told_of_accounts_only_and_users_of_nothing() {
    let app = TestApp::new().await;
    let moderator = app.moderator().await;
    let root = app.super_admin().await;
    root.get(STATS).await.is(200);
    let stats = moderator.get(STATS).await.is(200).json();
    assert_eq!(stats["accounts"]["total"], 2);
    let today = &stats["days"][29];
    assert_eq!(today["registrations"], 2);
    for hidden in ["signIns", "signInFailures"] {
        assert_eq!(today.get(hidden), None::<&Value>);
    }
    for hidden in ["openSessions", "jobs"] {
        assert_eq!(stats.get(hidden), None::<&Value>);
    }
    let user = app.user("ada").await;
    user.get(STATS).await.refuses(403, "forbidden");
    app.anon().get(STATS).await.refuses(401, "token_missing");
    for (query, code) in [
        ("0", "out_of_range"),
        ("91", "out_of_range"),
        ("x", "invalid_type"),
    ] {
        moderator
            .get(&format!("{STATS}?days={query}"))
            .await
            .refuses_field("/days", code);
    }
}
