//! A node that does not learn of revocations any more says so, and at last accepts no token (TOK-9).

use std::sync::Arc;
use std::time::Duration;

use ntt_auth_core::flow::{Measure, follow};
use serde_json::Value;

use super::{FEED, end_of, gone};
use crate::app::{Principal, Switch, TestApp, sqlite};

async fn part(who: &Principal) -> Value {
    let body = who.get("/health/detailed").await.is(200).json();
    let parts = body["components"].as_array().unwrap();
    let part = parts.iter().find(|part| part["name"] == "revocations");
    part.unwrap().clone()
}

#[tokio::test]
async fn tok9_a_node_that_cannot_follow_says_so_and_at_last_fails_closed() {
    let switch = Switch::over(sqlite("sqlite::memory:").await);
    let app = TestApp::builder()
        .store(switch.clone())
        .rules(|rules| rules.revocations.max_staleness = Some(Duration::from_mins(5)))
        .build()
        .await;
    let (admin, bob) = (app.admin().await, gone(&app, "bob").await);
    let anon = app.anon();
    follow(&app.auth).await.unwrap();
    assert_eq!(part(&anon).await["status"], "ok");
    assert_eq!(part(&anon).await["lagMs"], 0.0);

    switch.off();
    assert!(follow(&app.auth).await.is_err());
    app.clock.advance(Duration::from_secs(2));
    assert_eq!(part(&anon).await["status"], "degraded");
    assert_eq!(part(&anon).await["lagMs"], 2000.0);
    let cause = part(&admin).await["cause"].clone();
    assert_eq!(
        cause,
        "the log was last read 2 seconds ago, at 2026-01-01T00:00:00.000Z"
    );

    // Up to the limit tokens are judged from memory.
    app.clock
        .advance(Duration::from_mins(5) - Duration::from_secs(2));
    admin.validate().await.is(200);
    assert_eq!(
        anon.get("/health/ready").await.is(503).json()["status"],
        "down"
    );
    app.clock.advance(Duration::from_millis(1));
    let refused = admin.validate().await;
    refused.refuses(503, "revocations_stale");
    assert_eq!(refused.header("retry-after"), "2");
    for path in [
        "/api/v1/users/me",
        "/api/v1/auth/sessions",
        FEED,
        "/health/detailed",
    ] {
        admin.get(path).await.refuses(503, "revocations_stale");
    }
    // What is certain is still told as it is.
    bob.validate().await.refuses(401, "token_revoked");
    anon.clone()
        .with_access("forged")
        .validate()
        .await
        .refuses(401, "token_invalid");
    assert_eq!(part(&anon).await["status"], "down");

    switch.on();
    anon.get("/health/ready").await.is(503);
    follow(&app.auth).await.unwrap();
    anon.get("/health/ready").await.is(200);
    admin.validate().await.is(200);
}

#[tokio::test]
async fn tok9_a_node_without_a_limit_goes_on_from_memory() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    app.clock.advance(Duration::from_mins(59));
    ada.validate().await.is(200);
    assert_eq!(
        app.anon().get("/health/ready").await.is(503).json()["status"],
        "down"
    );
}

#[tokio::test]
async fn tok9_a_log_that_was_put_back_to_an_earlier_time_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let store = sqlite(&format!("sqlite:{}", path.display())).await;
    let one = TestApp::builder().store(store.clone()).build().await;
    let other = TestApp::builder()
        .store(store)
        .clock(Arc::clone(&one.clock))
        .build()
        .await;
    let admin = one.admin().await;
    for name in ["ada", "bob", "eve"] {
        gone(&one, name).await;
    }
    follow(&other.auth).await.unwrap();
    let there = other.anon().carrying(&admin);
    let place = there.get(FEED).await.is(200).json()["nextCursor"].clone();
    let place = place.as_str().unwrap().to_owned();

    // As after the fail-over to a standby that lacked the last two entries, and new ones that were given their numbers.
    let direct = rusqlite::Connection::open(&path).unwrap();
    direct
        .execute_batch(
            "DELETE FROM revocations WHERE sequence > 1; UPDATE revocation_counter SET latest = 1",
        )
        .unwrap();
    let mut gone_since = Vec::new();
    for name in ["fay", "gil"] {
        gone_since.push(one.user(name).await);
    }
    for user in &gone_since {
        one.operate(user.id(), Measure::EndSessions).await;
    }
    follow(&other.auth).await.unwrap();
    for user in &gone_since {
        let there = other.anon().carrying(user);
        there.validate().await.refuses(401, "token_revoked");
    }
    there
        .get(&format!("{FEED}?after={place}"))
        .await
        .refuses(410, "cursor_gone");
    let told = there.get(FEED).await.is(200).json()["entries"].clone();
    for user in &gone_since {
        assert!(told.as_array().unwrap().contains(&end_of(user)));
    }
}
