//! Signing out (TOK-7, TOK-9).

use ntt_auth_core::model::{EventKind, Role};
use serde_json::json;

use crate::app::{PASSWORD, TestApp};

const LOGOUT: &str = "/api/v1/auth/logout";

#[tokio::test]
async fn tok9_both_tokens_are_refused_at_once() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    ada.post_empty(LOGOUT).await.is(204);
    ada.validate().await.refuses(401, "token_revoked");
    ada.get("/api/v1/users/me")
        .await
        .refuses(401, "token_revoked");
    ada.refresh().await.refuses(401, "refresh_token_invalid");
    ada.post_empty(LOGOUT).await.refuses(401, "token_revoked");
    let events = app.events(ada.id()).await;
    let event = events
        .iter()
        .find(|event| event.kind == EventKind::SessionEnded)
        .unwrap();
    assert_eq!(
        (event.detail.as_deref(), event.session),
        (Some("signed_out"), Some(ada.session()))
    );
}

#[tokio::test]
async fn an_access_token_from_before_a_refresh_is_refused_too() {
    let app = TestApp::new().await;
    let before = app.user("ada").await;
    let after = before.refreshed().await;
    after.post_empty(LOGOUT).await.is(204);
    before.validate().await.refuses(401, "token_revoked");
    after.validate().await.refuses(401, "token_revoked");
}

#[tokio::test]
async fn other_sessions_go_on() {
    let app = TestApp::new().await;
    let phone = app.user("ada").await;
    let laptop = app.anon().sign_in("ada@example.com", PASSWORD).await;
    phone.post(LOGOUT, json!({})).await.is(204);
    laptop.validate().await.is(200);
    laptop.refreshed().await;
}

#[tokio::test]
async fn a_refresh_token_is_enough_and_may_be_of_another_session() {
    let app = TestApp::new().await;
    let phone = app.user("ada").await;
    let laptop = app.anon().sign_in("ada@example.com", PASSWORD).await;
    app.anon()
        .post(LOGOUT, json!({ "refreshToken": laptop.refresh }))
        .await
        .is(204);
    laptop.validate().await.refuses(401, "token_revoked");
    phone.validate().await.is(200);

    let tablet = app.anon().sign_in("ada@example.com", PASSWORD).await;
    phone
        .post(LOGOUT, json!({ "refreshToken": tablet.refresh }))
        .await
        .is(204);
    tablet.validate().await.refuses(401, "token_revoked");
    phone.validate().await.refuses(401, "token_revoked");
}

#[tokio::test]
async fn an_expired_access_token_does_not_keep_anybody_signed_in() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    app.clock.advance(std::time::Duration::from_hours(2));
    ada.post_empty(LOGOUT).await.refuses(401, "token_expired");
    ada.post(LOGOUT, json!({ "refreshToken": ada.refresh }))
        .await
        .is(204);
    ada.refresh().await.refuses(401, "refresh_token_invalid");
}

#[tokio::test]
async fn without_any_token_nobody_is_signed_out() {
    let app = TestApp::new().await;
    app.anon()
        .post_empty(LOGOUT)
        .await
        .refuses(401, "token_missing");
    app.anon()
        .post(LOGOUT, json!({}))
        .await
        .refuses(401, "token_missing");
    app.anon()
        .post(LOGOUT, json!({ "refreshToken": null }))
        .await
        .refuses(401, "token_missing");
    app.anon()
        .post(LOGOUT, json!({ "token": "x" }))
        .await
        .refuses_field("/token", "unknown_field");
    // What names no open session is no error: the client is signed out either way.
    app.anon()
        .post(LOGOUT, json!({ "refreshToken": "ntt_rt_x" }))
        .await
        .is(204);
}

#[tokio::test]
async fn tok7_everywhere_means_everywhere() {
    let app = TestApp::new().await;
    let phone = app.user("ada").await;
    let laptop = app.anon().sign_in("ada@example.com", PASSWORD).await;
    let bob = app.user("bob").await;
    phone.post_empty("/api/v1/auth/logout-all").await.is(204);
    for holder in [&phone, &laptop] {
        holder.validate().await.refuses(401, "token_revoked");
        holder.refresh().await.refuses(401, "refresh_token_invalid");
    }
    bob.validate().await.is(200);
    app.anon()
        .sign_in("ada@example.com", PASSWORD)
        .await
        .validate()
        .await
        .is(200);
}

#[tokio::test]
async fn guests_sign_out_by_their_refresh_token() {
    let app = TestApp::new().await;
    let guest = app.signed_in("guest", Role::Guest).await;
    guest.post_empty(LOGOUT).await.refuses(403, "forbidden");
    guest
        .post(LOGOUT, json!({ "refreshToken": guest.refresh }))
        .await
        .is(204);
    guest.validate().await.refuses(401, "token_revoked");
}

#[tokio::test]
async fn aut2_guests_sign_in_and_do_not_refresh() {
    let app = TestApp::new().await;
    let guest = app.signed_in("guest", Role::Guest).await;
    guest.validate().await.is(200);
    guest.refresh().await.refuses(401, "refresh_token_invalid");
    guest.validate().await.is(200);
}
