//! Forgotten passwords (ACC-6).

use std::time::Duration;

use futures::future::join_all;
use ntt_auth_core::flow::Measure;
use ntt_auth_core::model::{EventKind, Role};
use serde_json::json;

use super::{A_WHILE, FORGOT, NEW, RESET, forgotten, kinds, letters, registered, reset};
use crate::app::{Answer, PASSWORD, TestApp};

#[tokio::test]
async fn acc6_e28_a_reset_ends_every_session_at_once_and_is_told() {
    let app = TestApp::new().await;
    let token = registered(&app, "ada").await;
    assert!(!token.is_empty());
    let ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
    let elsewhere = app.anon().sign_in("ada@example.com", PASSWORD).await;
    let token = forgotten(&app, "ada").await;
    reset(&app, &token, NEW).await.is(204);
    // The clock has not moved.
    for session in [&ada, &elsewhere] {
        session.validate().await.refuses(401, "token_revoked");
        session
            .refresh()
            .await
            .refuses(401, "refresh_token_invalid");
    }
    let to = "ada@example.com".to_owned();
    assert_eq!(letters(&app).await, [("password-changed".to_owned(), to)]);
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    app.anon()
        .post("/api/v1/auth/login", body)
        .await
        .refuses(401, "invalid_credentials");
    app.anon().sign_in("ada@example.com", NEW).await;
    // The link came by mail: the address is shown to be theirs.
    assert!(app.stored(ada.id()).await.email_verified_at.is_some());
    let told = kinds(&app, ada.id()).await;
    assert!(told.contains(&EventKind::PasswordReset));
    assert!(told.contains(&EventKind::PasswordResetAsked));
}

#[tokio::test]
async fn acc6_a_link_works_once_and_a_refused_password_does_not_use_it_up() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    let token = forgotten(&app, "ada").await;
    for refused in ["", "short", "Ada@example.com1", &"Aa1!".repeat(300)] {
        let answer = reset(&app, &token, refused).await;
        answer.refuses(422, "validation_failed");
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        assert!(errors.iter().all(|error| error["field"] == "/newPassword"));
    }
    reset(&app, &token, NEW).await.is(204);
    reset(&app, &token, "Another-Engine-1823")
        .await
        .refuses_field("/token", "invalid_link");
    app.anon().sign_in("ada@example.com", NEW).await;
}

#[tokio::test]
async fn acc6_a_link_is_good_for_half_an_hour_and_gives_way_to_a_newer_one() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    let late = forgotten(&app, "ada").await;
    app.clock.advance(Duration::from_mins(30));
    reset(&app, &late, NEW)
        .await
        .refuses_field("/token", "invalid_link");
    let old = forgotten(&app, "ada").await;
    app.clock.advance(A_WHILE);
    let new = forgotten(&app, "ada").await;
    reset(&app, &old, NEW)
        .await
        .refuses_field("/token", "invalid_link");
    reset(&app, &new, NEW).await.is(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn acc6_of_many_that_use_one_link_one_chooses_the_password() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    let token = forgotten(&app, "ada").await;
    let tries = (0..16).map(|index| {
        let (app, token) = (app.clone(), token.clone());
        tokio::spawn(async move {
            let new = format!("Difference-Engine-18{index:02}");
            (reset(&app, &token, &new).await.status.as_u16(), new)
        })
    });
    let tried = join_all(tries).await;
    let won: Vec<String> = tried
        .into_iter()
        .map(Result::unwrap)
        .filter(|(status, _)| *status == 204)
        .map(|(_, new)| new)
        .collect();
    assert_eq!(won.len(), 1);
    app.anon().sign_in("ada@example.com", &won[0]).await;
}

/// An answer without what differs between any two requests.
fn fingerprint(answer: &Answer) -> (u16, String, Vec<String>) {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| name.as_str() != "x-request-id")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    (answer.status.as_u16(), answer.text(), headers)
}

#[tokio::test]
async fn e33_forgot_and_resend_answer_alike_whoever_is_asked_for() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    app.clock.advance(A_WHILE);
    let gone = app.user("gone").await;
    gone.delete("/api/v1/users/me").await.is(204);
    let verified = app.account("verified", Role::User).await;
    let token = forgotten(&app, "verified").await;
    reset(&app, &token, NEW).await.is(204);
    assert!(app.stored(verified.id).await.email_verified_at.is_some());
    app.mails().await;
    app.clock.advance(A_WHILE);
    for path in [FORGOT, super::RESEND] {
        let mut answers = Vec::new();
        for name in ["ada", "ada", "gone", "verified", "nobody"] {
            let body = json!({ "email": format!("{name}@example.com") });
            answers.push(fingerprint(&app.anon().post(path, body).await));
        }
        assert_eq!(answers[0].0, 202);
        assert!(
            answers.iter().all(|answer| *answer == answers[0]),
            "{answers:?}"
        );
    }
    // Once to each who can be written to.
    let mut sent = letters(&app).await;
    sent.sort();
    let letter = |name: &str, to: &str| (name.to_owned(), format!("{to}@example.com"));
    assert_eq!(
        sent,
        [
            letter("reset-password", "ada"),
            letter("reset-password", "verified"),
            letter("verify-email", "ada"),
        ]
    );
    app.anon()
        .post(FORGOT, json!({ "email": "nobody" }))
        .await
        .refuses_field("/email", "invalid_email");
}

#[tokio::test]
async fn e33_a_request_reads_nothing_before_it_is_answered() {
    use crate::app::{Switch, fresh};

    let switch = Switch::over(fresh().await);
    let app = TestApp::builder().store(switch.clone()).build().await;
    registered(&app, "ada").await;
    let asked = async |name: &str| {
        let before = switch.asked();
        let body = json!({ "email": format!("{name}@example.com") });
        app.anon().post(FORGOT, body).await.is(202);
        switch.asked() - before
    };
    // One transaction, whoever is asked for.
    assert_eq!((asked("ada").await, asked("nobody").await), (1, 1));
}

#[tokio::test]
async fn e27_a_suspended_account_is_not_reset() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    let ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
    let token = forgotten(&app, "ada").await;
    let manage = async |measure| {
        app.operate(ada.id(), measure).await;
    };
    manage(Measure::Suspend {
        until: None,
        reason: None,
    })
    .await;
    reset(&app, &token, NEW)
        .await
        .refuses_field("/token", "invalid_link");
    app.clock.advance(A_WHILE);
    let body = json!({ "email": "ada@example.com" });
    app.anon().post(FORGOT, body).await.is(202);
    assert_eq!(letters(&app).await, []);
    manage(Measure::Reactivate).await;
    reset(&app, &token, NEW).await.is(204);
}

#[tokio::test]
async fn e19_no_step_of_a_reset_succeeds_without_its_proof() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    let token = forgotten(&app, "ada").await;
    let post = async |body: serde_json::Value| app.anon().post(RESET, body).await;
    post(json!({}))
        .await
        .refuses_field("/token", "invalid_link");
    post(json!({ "newPassword": NEW }))
        .await
        .refuses_field("/token", "invalid_link");
    post(json!({ "token": token }))
        .await
        .refuses(422, "validation_failed");
    post(json!({ "token": "", "newPassword": NEW }))
        .await
        .refuses_field("/token", "invalid_link");
    for extra in ["email", "userId", "verified"] {
        post(json!({ "token": token, "newPassword": NEW, extra: "x" }))
            .await
            .refuses(422, "validation_failed");
    }
    app.anon()
        .post_empty(RESET)
        .await
        .refuses(415, "unsupported_media_type");
    // Nothing of this was taken for a reset.
    app.anon().sign_in("ada@example.com", PASSWORD).await;
    reset(&app, &token, NEW).await.is(204);
    reset(&app, &token, NEW)
        .await
        .refuses_field("/token", "invalid_link");
}

#[tokio::test]
async fn acc3_the_owner_of_a_taken_address_is_told_instead_of_whoever_asks() {
    let app = TestApp::builder()
        .rules(|rules| rules.accounts.enumeration_protection = true)
        .build()
        .await;
    let register = async || {
        let body = json!({ "email": "ada@example.com", "password": PASSWORD });
        app.anon().post("/api/v1/auth/register", body).await.is(202);
        letters(&app).await
    };
    let letter = |name: &str| vec![(name.to_owned(), "ada@example.com".to_owned())];
    assert_eq!(register().await, letter("verify-email"));
    assert_eq!(register().await, letter("account-exists"));
    assert_eq!(register().await, [], "not again within a minute");
    app.clock.advance(A_WHILE);
    assert_eq!(register().await, letter("account-exists"));
}

#[tokio::test]
async fn e22_a_reset_lets_its_owner_in_again_and_a_change_of_address_has_no_guesses_to_spare() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    let ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
    let change = async || {
        let body = json!({ "newEmail": "x@example.com", "currentPassword": "Not-the-password-1" });
        ada.post(super::CHANGE_EMAIL, body).await
    };
    let mut wrong = 0;
    while change().await.status == 422 {
        wrong += 1;
        assert!(wrong < 100);
    }
    change().await.refuses(429, "rate_limited");
    let login = async |password: &str| {
        let body = json!({ "email": "ada@example.com", "password": password });
        app.anon()
            .post("/api/v1/auth/login", body)
            .await
            .status
            .as_u16()
    };
    while login("Not-the-password-1").await == 401 {}
    assert_eq!(login(PASSWORD).await, 429);
    let token = forgotten(&app, "ada").await;
    reset(&app, &token, NEW).await.is(204);
    assert_eq!(login(NEW).await, 200);
}
