//! What becomes of accounts whose address nobody verified (ACC-7).

use std::time::Duration;

use ntt_auth_core::flow::erase_unverified;
use ntt_auth_core::model::Role;
use serde_json::json;

use super::{VERIFY, follow, registered};
use crate::app::{PASSWORD, TestApp};

const DAY: Duration = Duration::from_hours(24);
const TICK: Duration = Duration::from_millis(1);

async fn erased(app: &TestApp) -> u64 {
    erase_unverified(&app.auth).await.unwrap()
}

#[tokio::test]
async fn acc7_an_account_whose_address_nobody_verified_is_erased_after_thirty_days() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    let token = registered(&app, "bob").await;
    follow(&app, VERIFY, &token).await.is(204);
    let made = app.account("made-by-an-admin", Role::User).await;
    app.clock.advance(DAY * 30);
    assert_eq!(erased(&app).await, 0);
    app.clock.advance(TICK);
    assert_eq!(erased(&app).await, 1);
    app.clock.advance(DAY * 365);
    assert_eq!(erased(&app).await, 0);
    let admin = app.admin().await;
    let found = admin.get("/api/v1/users?q=ada&includeDeleted=true").await;
    assert_eq!(found.is(200).json()["items"], json!([]));
    app.stored(made.id).await;
    app.anon().sign_in("bob@example.com", PASSWORD).await;
    // The address is free for whoever it belongs to.
    registered(&app, "ada").await;
}

#[tokio::test]
async fn acc7_an_unverified_account_that_is_used_stays_until_it_is_not() {
    let app = TestApp::builder()
        .rules(|rules| {
            rules.sessions.idle = DAY * 20;
            rules.sessions.absolute = DAY * 40;
        })
        .build()
        .await;
    registered(&app, "ada").await;
    app.clock.advance(DAY * 15);
    let ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
    app.clock.advance(DAY * 16);
    assert_eq!(erased(&app).await, 0);
    // Refreshed on day 31, though not signed in again.
    ada.refreshed().await;
    app.clock.advance(DAY * 15);
    assert_eq!(erased(&app).await, 0);
    // The session is over by now; that it was used is not forgotten.
    app.clock.advance(DAY * 15);
    assert_eq!(erased(&app).await, 0);
    app.clock.advance(DAY + TICK);
    assert_eq!(erased(&app).await, 1);
}

#[tokio::test]
async fn acc7_whoever_was_given_a_role_stays_and_many_others_are_erased_in_steps() {
    let app = TestApp::new().await;
    for number in 0..120 {
        registered(&app, &format!("u{number}")).await;
    }
    let root = app.super_admin().await;
    let found = root.get("/api/v1/users?q=u7@&limit=1").await;
    let id = found.is(200).json()["items"][0]["userId"].clone();
    let path = format!("/api/v1/users/{}/role", id.as_str().unwrap());
    root.patch(&path, json!({ "role": "moderator" }))
        .await
        .is(200);
    app.clock.advance(DAY * 31);
    assert_eq!(erased(&app).await, 119);
    assert_eq!(erased(&app).await, 0);
    assert_eq!(app.accounts().await, 2);
}

#[tokio::test]
async fn acc7_unverified_accounts_can_be_kept_for_ever() {
    let app = TestApp::builder()
        .rules(|rules| rules.retention.unverified_accounts = None)
        .build()
        .await;
    registered(&app, "ada").await;
    app.clock.advance(DAY * 3650);
    assert_eq!(erased(&app).await, 0);
    assert_eq!(app.accounts().await, 1);
}
