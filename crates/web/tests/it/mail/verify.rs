//! Verifying an address (ACC-7).

use std::time::Duration;

use ntt_auth_core::flow::Measure;
use ntt_auth_core::model::{EventKind, Role};
use serde_json::json;

use super::{A_WHILE, RESEND, VERIFY, follow, kinds, letters, registered, token_of};
use crate::app::{PASSWORD, TestApp, link};

#[tokio::test]
async fn acc7_registration_sends_a_link_that_verifies_and_verifies_again() {
    let app = TestApp::new().await;
    let token = registered(&app, "ada").await;
    let ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
    let verified = async || ada.get("/api/v1/users/me").await.json()["isEmailVerified"].clone();
    assert_eq!(verified().await, json!(false));
    follow(&app, VERIFY, &token).await.is(204);
    assert_eq!(verified().await, json!(true));
    follow(&app, VERIFY, &token).await.is(204);
    let told = kinds(&app, ada.id()).await;
    let verified = told
        .iter()
        .filter(|kind| **kind == EventKind::EmailVerified);
    assert_eq!(verified.count(), 1);
}

#[tokio::test]
async fn acc7_a_link_is_good_for_its_time_and_no_longer() {
    let app = TestApp::new().await;
    let token = registered(&app, "ada").await;
    app.clock.advance(Duration::from_hours(24));
    follow(&app, VERIFY, &token)
        .await
        .refuses_field("/token", "invalid_link");
    let token = registered(&app, "bob").await;
    app.clock
        .advance(Duration::from_hours(24) - Duration::from_millis(1));
    follow(&app, VERIFY, &token).await.is(204);
    // Having been followed, it says so for some days more.
    app.clock.advance(Duration::from_hours(24));
    follow(&app, VERIFY, &token).await.is(204);
}

#[tokio::test]
async fn acc7_a_newer_link_takes_the_place_of_an_older_one() {
    let app = TestApp::new().await;
    let old = registered(&app, "ada").await;
    app.clock.advance(A_WHILE);
    let body = json!({ "email": "ADA@example.com" });
    app.anon().post(RESEND, body.clone()).await.is(202);
    let new = token_of(&app, "verify-email", "ada").await;
    follow(&app, VERIFY, &old)
        .await
        .refuses_field("/token", "invalid_link");
    follow(&app, VERIFY, &new).await.is(204);
    // Whoever is verified is not written to again.
    app.clock.advance(A_WHILE);
    app.anon().post(RESEND, body).await.is(202);
    assert_eq!(letters(&app).await, []);
}

#[tokio::test]
async fn acc7_one_person_is_written_to_once_a_minute_and_ten_times_a_day() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    let ask = async || {
        let body = json!({ "email": "ada@example.com" });
        app.anon().post(RESEND, body).await.is(202);
        app.mails().await.len()
    };
    assert_eq!(ask().await, 0, "the first mail is a moment old");
    let mut sent = 1;
    for _ in 0..20 {
        app.clock.advance(A_WHILE);
        sent += ask().await;
    }
    assert_eq!(sent, 10);
    app.clock.advance(Duration::from_hours(24));
    assert_eq!(ask().await, 1);
}

#[tokio::test]
async fn acc7_who_must_verify_first_is_told_so_only_after_the_right_password() {
    let app = TestApp::builder()
        .rules(|rules| rules.accounts.verification_required = true)
        .build()
        .await;
    let token = registered(&app, "ada").await;
    let login = async |password: &str| {
        let body = json!({ "email": "ada@example.com", "password": password });
        app.anon().post("/api/v1/auth/login", body).await
    };
    login("Not-the-password-1")
        .await
        .refuses(401, "invalid_credentials");
    login(PASSWORD).await.refuses(401, "email_not_verified");
    follow(&app, VERIFY, &token).await.is(204);
    login(PASSWORD).await.is(200);
}

#[tokio::test]
async fn acc7_a_deleted_account_is_not_verified() {
    let app = TestApp::new().await;
    let token = registered(&app, "ada").await;
    let ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
    ada.delete("/api/v1/users/me").await.is(204);
    follow(&app, VERIFY, &token)
        .await
        .refuses_field("/token", "invalid_link");
    let body = json!({ "email": "ada@example.com" });
    app.clock.advance(A_WHILE);
    app.anon().post(RESEND, body).await.is(202);
    assert_eq!(letters(&app).await, []);
}

#[tokio::test]
async fn administrators_have_links_sent_and_never_see_them() {
    let app = TestApp::new().await;
    let (admin, ada) = (app.admin().await, app.account("ada", Role::User).await);
    let path = format!("/api/v1/users/{}/resend-verification", ada.id);
    let answer = admin.post_empty(&path).await;
    answer.is(202);
    assert_eq!(answer.json(), json!({}));
    let token = token_of(&app, "verify-email", "ada").await;
    follow(&app, VERIFY, &token).await.is(204);
    admin.post_empty(&path).await.refuses(409, "conflict");
    let path = format!("/api/v1/users/{}/reset-password", ada.id);
    let answer = admin.post_empty(&path).await;
    answer.is(202);
    assert_eq!(answer.json(), json!({}));
    token_of(&app, "reset-password", "ada").await;
    let told = kinds(&app, ada.id).await;
    assert!(told.contains(&EventKind::PasswordResetAsked));
    assert!(told.contains(&EventKind::VerificationSent));
    let suspend = Measure::Suspend {
        until: None,
        reason: None,
    };
    app.operate(ada.id, suspend).await;
    admin.post_empty(&path).await.refuses(409, "conflict");
    assert_eq!(letters(&app).await, []);
}

#[tokio::test]
async fn an_account_made_by_an_administrator_is_verified_by_its_owner() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let body = json!({ "email": "ada@example.com", "role": "user", "locale": "ja-JP" });
    admin.post("/api/v1/users", body).await.is(201);
    let mail = app.mail().await;
    assert_eq!(mail.letter.name(), "verify-email");
    assert_eq!(mail.locale.unwrap().as_str(), "ja-JP");
    follow(&app, VERIFY, link(&mail.letter).1).await.is(204);
}
