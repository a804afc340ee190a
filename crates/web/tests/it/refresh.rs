//! Refreshing (TOK-5).

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use ntt_auth_core::flow::Fault;
use ntt_auth_core::model::{EventKind, SecurityEvent};
use serde_json::json;

use crate::app::{HOME, ManualClock, PASSWORD, Principal, TestApp, sqlite};

const GRACE: Duration = Duration::from_secs(30);

fn kinds(events: &[SecurityEvent]) -> Vec<EventKind> {
    events.iter().map(|event| event.kind).collect()
}

/// Whether the session of `holder` is over: neither token is good, on this node at once.
async fn is_over(holder: &Principal) -> bool {
    let refreshed = holder.refresh().await;
    let validated = holder.validate().await;
    refreshed.status == 401
        && refreshed.code() == "refresh_token_invalid"
        && validated.code() == "token_revoked"
}

#[tokio::test]
async fn tok5_each_use_gives_a_successor_with_a_new_access_token() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    app.clock.advance(Duration::from_mins(5));
    let answer = ada.refresh().await;
    answer.is(200);
    let tokens = answer.json();
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(tokens["tokenType"], "Bearer");
    assert_eq!(tokens["expiresIn"], 3600);
    assert_eq!(tokens["refreshExpiresIn"], 7 * 24 * 3600);
    assert_eq!(tokens["sessionId"], ada.session().to_string());
    assert_eq!(tokens["user"]["email"], "ada@example.com");
    let next = ada.holding(&tokens);
    assert_ne!(next.refresh, ada.refresh);
    assert_ne!(next.access, ada.access);
    next.validate().await.is(200);
    next.refreshed()
        .await
        .refreshed()
        .await
        .validate()
        .await
        .is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tok5_fifty_uses_at_once_give_one_successor_and_log_nobody_out() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let answers = join_all((0..50).map(|_| {
        let ada = ada.clone();
        tokio::spawn(async move { ada.refresh().await })
    }))
    .await;
    let holders: Vec<Principal> = answers
        .into_iter()
        .map(|answer| {
            let answer = answer.unwrap();
            answer.is(200);
            ada.holding(&answer.json())
        })
        .collect();
    assert!(
        holders
            .iter()
            .all(|holder| holder.refresh == holders[0].refresh),
        "one successor"
    );
    for holder in &holders {
        holder.validate().await.is(200);
    }
    holders[7].refreshed().await.validate().await.is(200);
    assert!(!kinds(&app.events(ada.id()).await).contains(&EventKind::RefreshTokenReused));
}

#[tokio::test]
async fn tok5_a_lost_answer_is_given_again_within_the_grace() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let first = ada.refreshed().await;
    app.clock.advance(GRACE);
    let again = ada.refreshed().await;
    assert_eq!(first.refresh, again.refresh, "never a second branch");
    again.refreshed().await.validate().await.is(200);
}

#[tokio::test]
async fn tok5_a_millisecond_after_the_grace_the_family_ends() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let next = ada.refreshed().await;
    app.clock.advance(GRACE + Duration::from_millis(1));
    ada.refresh().await.refuses(401, "refresh_token_reused");
    assert!(is_over(&next).await);
    ada.validate().await.refuses(401, "token_revoked");
}

#[tokio::test]
async fn tok5_a_thief_and_then_the_owner_end_the_family() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let thief = ada.clone().with_agent("curl/8").refreshed().await;
    thief.validate().await.is(200);
    ada.refresh().await.refuses(401, "refresh_token_reused");
    assert!(is_over(&thief).await);
    ada.validate().await.refuses(401, "token_revoked");
    let events = app.events(ada.id()).await;
    let event = events
        .iter()
        .find(|event| event.kind == EventKind::RefreshTokenReused)
        .unwrap();
    assert_eq!(event.session, Some(ada.session()));
    assert_eq!(event.subject, Some(ada.id()));
    assert_eq!(event.ip_address, Some(HOME));
}

#[tokio::test]
async fn tok5_the_owner_and_then_a_thief_end_the_family() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let owner = ada.refreshed().await;
    ada.clone()
        .with_agent("curl/8")
        .refresh()
        .await
        .refuses(401, "refresh_token_reused");
    assert!(is_over(&owner).await);
    assert!(kinds(&app.events(ada.id()).await).contains(&EventKind::RefreshTokenReused));
}

#[tokio::test]
async fn tok5_a_thief_who_looks_like_the_owner_is_found_once_the_successor_was_used() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let owner = ada.refreshed().await.refreshed().await;
    ada.refresh().await.refuses(401, "refresh_token_reused");
    assert!(is_over(&owner).await);
}

#[tokio::test]
async fn tok5_a_replay_of_any_age_is_told_from_a_forgery() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let mut owner = ada.clone();
    for _ in 0..5 {
        app.clock.advance(Duration::from_hours(24));
        owner = owner.refreshed().await;
    }
    ada.refresh().await.refuses(401, "refresh_token_reused");
    assert!(is_over(&owner).await);
}

#[tokio::test]
async fn tok5_a_replay_ends_one_family_and_no_other() {
    let app = TestApp::new().await;
    let phone = app.user("ada").await;
    let laptop = app
        .anon()
        .with_agent("laptop")
        .sign_in("ada@example.com", PASSWORD)
        .await;
    phone.refreshed().await;
    phone
        .clone()
        .with_agent("curl/8")
        .refresh()
        .await
        .refuses(401, "refresh_token_reused");
    laptop.validate().await.is(200);
    laptop.refreshed().await;
}

#[tokio::test]
async fn tok12_a_session_ends_when_it_is_idle_for_too_long() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    app.clock
        .advance(Duration::from_hours(7 * 24) - Duration::from_millis(1));
    let ada = ada.refreshed().await;
    app.clock.advance(Duration::from_hours(7 * 24));
    ada.refresh().await.refuses(401, "refresh_token_expired");
}

#[tokio::test]
async fn tok12_a_session_ends_at_its_absolute_end_however_busy() {
    let app = TestApp::new().await;
    let mut ada = app.user("ada").await;
    for _ in 0..5 {
        app.clock.advance(Duration::from_hours(5 * 24));
        ada = ada.refreshed().await;
    }
    // 25 days are over; 5 are left, and the token says so.
    let answer = ada.refresh().await;
    assert_eq!(answer.is(200).json()["refreshExpiresIn"], 5 * 24 * 3600);
    let ada = ada.holding(&answer.json());
    app.clock.advance(Duration::from_hours(5 * 24));
    ada.refresh().await.refuses(401, "refresh_token_expired");
}

#[tokio::test]
async fn e26_a_restart_between_use_and_replay_forgets_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("auth.db").display());
    let clock = Arc::new(ManualClock::default());
    let before = TestApp::builder()
        .store(sqlite(&url).await)
        .clock(clock.clone())
        .build()
        .await;
    let ada = before.user("ada").await;
    let owner = ada.refreshed().await;
    drop(before);

    let after = TestApp::builder()
        .store(sqlite(&url).await)
        .clock(clock)
        .build()
        .await;
    let ada = after.anon().with_agent("curl/8").carrying(&ada);
    ada.refresh().await.refuses(401, "refresh_token_reused");
    assert!(is_over(&after.anon().carrying(&owner)).await);
}

#[tokio::test]
async fn e26_two_nodes_at_one_store_agree_on_the_successor() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("auth.db").display());
    let clock = Arc::new(ManualClock::default());
    let store = sqlite(&url).await;
    let one = TestApp::builder()
        .store(store.clone())
        .clock(clock.clone())
        .build()
        .await;
    let two = TestApp::builder().store(store).clock(clock).build().await;
    let ada = one.user("ada").await;
    let here = ada.refreshed().await;
    let there = two.anon().carrying(&ada).refreshed().await;
    assert_eq!(here.refresh, there.refresh);
    two.anon()
        .carrying(&ada)
        .with_agent("curl/8")
        .refresh()
        .await
        .refuses(401, "refresh_token_reused");
    assert!(is_over(&two.anon().carrying(&there)).await);
    // The other node knows as soon as it follows the log.
    ntt_auth_core::flow::follow(&one.auth)
        .await
        .map_err(|fault: Fault| fault.to_string())
        .unwrap();
    here.validate().await.refuses(401, "token_revoked");
}

#[tokio::test]
async fn e29_truncated_and_altered_tokens_are_refused_and_end_nothing() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let post = async |token: &str| {
        app.anon()
            .post("/api/v1/auth/refresh", json!({ "refreshToken": token }))
            .await
    };
    for end in 0..ada.refresh.len() {
        post(&ada.refresh[..end])
            .await
            .refuses(401, "refresh_token_invalid");
    }
    for at in 0..ada.refresh.len() {
        let mut altered = ada.refresh.clone().into_bytes();
        altered[at] ^= 1;
        post(&String::from_utf8(altered).unwrap())
            .await
            .refuses(401, "refresh_token_invalid");
    }
    for more in [" ", "A", "=", "\0", "é"] {
        post(&format!("{}{more}", ada.refresh))
            .await
            .refuses(401, "refresh_token_invalid");
    }
    ada.validate().await.is(200);
    ada.refreshed().await;
}

#[tokio::test]
async fn what_is_no_refresh_request_is_refused_by_name() {
    let app = TestApp::new().await;
    let anon = app.anon();
    anon.post("/api/v1/auth/refresh", json!({}))
        .await
        .refuses_field("/refreshToken", "required");
    anon.post("/api/v1/auth/refresh", json!({ "refreshToken": 1 }))
        .await
        .refuses_field("/refreshToken", "invalid_type");
    let answer = anon
        .post(
            "/api/v1/auth/refresh",
            json!({ "refreshToken": "x", "userId": "y" }),
        )
        .await;
    answer.refuses_field("/userId", "unknown_field");
    anon.post(
        "/api/v1/auth/refresh",
        json!({ "refreshToken": "x".repeat(10_000) }),
    )
    .await
    .refuses(401, "refresh_token_invalid");
}
