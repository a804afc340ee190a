//! Moving an account to another address (ACC-8).

use std::time::Duration;

use ntt_auth_core::flow::Measure;
use ntt_auth_core::model::{EventKind, Letter};
use serde_json::json;

use super::{
    A_WHILE, CHANGE_EMAIL, CONFIRM, FORGOT, NEW, VERIFY, follow, forgotten, kinds, letters,
    registered, reset, token_of,
};
use crate::app::{Answer, PASSWORD, Principal, TestApp};

async fn change(ada: &Principal, new: &str) -> Answer {
    let body = json!({ "newEmail": new, "currentPassword": PASSWORD });
    ada.post(CHANGE_EMAIL, body).await
}

async fn signed_in(app: &TestApp) -> Principal {
    registered(app, "ada").await;
    app.anon().sign_in("ada@example.com", PASSWORD).await
}

#[tokio::test]
async fn acc8_a_change_is_confirmed_at_the_new_address_and_announced_at_the_old_one() {
    let app = TestApp::new().await;
    let ada = signed_in(&app).await;
    change(&ada, "lovelace@example.com").await.is(202);
    let token = token_of(&app, "confirm-email-change", "lovelace").await;
    let me = ada.get("/api/v1/users/me").await.json();
    assert_eq!(me["email"], "ada@example.com", "nothing has changed yet");
    follow(&app, CONFIRM, &token).await.is(204);
    let mail = app.mail().await;
    assert_eq!(mail.to.as_str(), "ada@example.com");
    assert!(
        matches!(&mail.letter, Letter::EmailChanged { masked, .. } if masked == "l…@example.com"),
        "{mail:?}"
    );
    // The access token names the old address; the session goes on.
    ada.validate().await.refuses(401, "token_revoked");
    let ada = ada.refreshed().await;
    let me = ada.get("/api/v1/users/me").await.json();
    assert_eq!(me["email"], "lovelace@example.com");
    assert_eq!(me["isEmailVerified"], true);
    app.anon().sign_in("lovelace@example.com", PASSWORD).await;
    follow(&app, CONFIRM, &token).await.is(204);
    let told = kinds(&app, ada.id()).await;
    assert!(told.contains(&EventKind::EmailChangeAsked));
    let moved = told.iter().filter(|kind| **kind == EventKind::EmailChanged);
    assert_eq!(moved.count(), 1);
}

#[tokio::test]
async fn v7_5_1_a_change_needs_the_current_password_and_an_acceptable_address() {
    let app = TestApp::new().await;
    let ada = signed_in(&app).await;
    registered(&app, "bob").await;
    let post = async |new: &str, password: &str| {
        let body = json!({ "newEmail": new, "currentPassword": password });
        ada.post(CHANGE_EMAIL, body).await
    };
    for wrong in ["Not-the-password-1", ""] {
        post("lovelace@example.com", wrong)
            .await
            .refuses_field("/currentPassword", "wrong_password");
    }
    post("nobody", PASSWORD)
        .await
        .refuses_field("/newEmail", "invalid_email");
    post("ada@example.com", PASSWORD)
        .await
        .refuses_field("/newEmail", "unchanged");
    post("BOB@example.com", PASSWORD)
        .await
        .refuses_field("/newEmail", "taken");
    app.anon()
        .post(CHANGE_EMAIL, json!({}))
        .await
        .refuses(401, "token_missing");
    assert_eq!(letters(&app).await, []);
}

#[tokio::test]
async fn acc8_a_newer_request_takes_the_place_of_an_older_one_and_none_is_too_soon() {
    let app = TestApp::new().await;
    let ada = signed_in(&app).await;
    change(&ada, "one@example.com").await.is(202);
    let old = token_of(&app, "confirm-email-change", "one").await;
    let soon = change(&ada, "two@example.com").await;
    soon.refuses(429, "rate_limited");
    assert_eq!(soon.header("retry-after"), "60");
    app.clock.advance(A_WHILE);
    change(&ada, "two@example.com").await.is(202);
    let new = token_of(&app, "confirm-email-change", "two").await;
    follow(&app, CONFIRM, &old)
        .await
        .refuses_field("/token", "invalid_link");
    follow(&app, CONFIRM, &new).await.is(204);
}

#[tokio::test]
async fn acc8_an_address_is_written_to_once_a_minute_and_ten_times_a_day_whoever_asks() {
    for enumeration_protection in [false, true] {
        let app = TestApp::builder()
            .rules(|rules| rules.accounts.enumeration_protection = enumeration_protection)
            .build()
            .await;
        let mut many = Vec::new();
        for number in 0..12 {
            many.push(app.user(&format!("user{number}")).await);
        }
        // All at once, in whatever spelling: one is written to, and nobody is told who it is.
        for (user, new) in many
            .iter()
            .zip(["stranger@example.com", "Stranger@EXAMPLE.com"])
        {
            change(user, new).await.is(202);
        }
        assert_eq!(app.mails().await.len(), 1);
        // Other addresses are other counters.
        change(&many[2], "other@example.com").await.is(202);
        assert_eq!(app.mails().await.len(), 1);
        let mut sent = 1;
        for round in 0..20 {
            app.clock.advance(A_WHILE);
            let user = &mut many[round % 12];
            *user = user.refreshed().await;
            change(user, "stranger@example.com").await.is(202);
            sent += app.mails().await.len();
        }
        assert_eq!(sent, 10);
        // Nor does an account that is made anew begin a count anew.
        let again = app.user("again").await;
        change(&again, "stranger@example.com").await.is(202);
        assert_eq!(app.mails().await.len(), 0);
        app.clock.advance(Duration::from_hours(24));
        let again = again.refreshed().await;
        change(&again, "stranger@example.com").await.is(202);
        assert_eq!(app.mails().await.len(), 1);
    }
}

#[tokio::test]
async fn acc8_an_address_that_was_taken_meanwhile_is_told() {
    let app = TestApp::new().await;
    let ada = signed_in(&app).await;
    change(&ada, "lovelace@example.com").await.is(202);
    let token = token_of(&app, "confirm-email-change", "lovelace").await;
    registered(&app, "lovelace").await;
    follow(&app, CONFIRM, &token)
        .await
        .refuses_field("/token", "taken");
    app.anon().sign_in("ada@example.com", PASSWORD).await;
}

#[tokio::test]
async fn acc8_under_protection_a_taken_address_is_answered_alike_and_its_owner_told() {
    let app = TestApp::builder()
        .rules(|rules| rules.accounts.enumeration_protection = true)
        .build()
        .await;
    let ada = app.user("ada").await;
    app.user("bob").await;
    change(&ada, "bob@example.com").await.is(202);
    let to = "bob@example.com".to_owned();
    assert_eq!(letters(&app).await, [("account-exists".to_owned(), to)]);
    // Another one is too soon, as it would be had the address been free.
    change(&ada, "free@example.com")
        .await
        .refuses(429, "rate_limited");
}

#[tokio::test]
async fn e13_what_was_sent_to_the_old_address_opens_nothing_after_the_change() {
    let app = TestApp::new().await;
    let verification = registered(&app, "ada").await;
    let ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
    let forgot = forgotten(&app, "ada").await;
    change(&ada, "lovelace@example.com").await.is(202);
    let token = token_of(&app, "confirm-email-change", "lovelace").await;
    follow(&app, CONFIRM, &token).await.is(204);
    follow(&app, VERIFY, &verification)
        .await
        .refuses_field("/token", "invalid_link");
    reset(&app, &forgot, NEW)
        .await
        .refuses_field("/token", "invalid_link");
    app.mails().await;
    app.clock.advance(A_WHILE);
    let body = json!({ "email": "ada@example.com" });
    app.anon().post(FORGOT, body).await.is(202);
    assert_eq!(letters(&app).await, []);
}

#[tokio::test]
async fn e13_another_password_ends_a_change_that_was_asked_for_with_the_old_one() {
    let app = TestApp::new().await;
    let thief = signed_in(&app).await;
    change(&thief, "thief@example.com").await.is(202);
    let token = token_of(&app, "confirm-email-change", "thief").await;
    let recovery = forgotten(&app, "ada").await;
    reset(&app, &recovery, NEW).await.is(204);
    follow(&app, CONFIRM, &token)
        .await
        .refuses_field("/token", "invalid_link");
    // Nor is one sent that was asked for just before.
    let ada = app.anon().sign_in("ada@example.com", NEW).await;
    app.mails().await;
    app.clock.advance(A_WHILE);
    let body = json!({ "newEmail": "thief@example.com", "currentPassword": NEW });
    ada.post(CHANGE_EMAIL, body).await.is(202);
    let body = json!({ "currentPassword": NEW, "newPassword": "Another-Engine-1823" });
    ada.post("/api/v1/auth/change-password", body).await.is(204);
    let to = "ada@example.com".to_owned();
    assert_eq!(letters(&app).await, [("password-changed".to_owned(), to)]);
}

#[tokio::test]
async fn e13_what_the_operator_does_about_a_stolen_account_ends_what_the_thief_asked_for() {
    let app = TestApp::new().await;
    let id = signed_in(&app).await.id();
    let manage = async |measure: Measure| {
        app.operate(id, measure).await;
    };
    let suspend = Measure::Suspend {
        until: None,
        reason: None,
    };
    let hash = app.stored(id).await.password.unwrap();
    for measures in [
        vec![suspend, Measure::Reactivate],
        vec![Measure::Delete, Measure::Restore],
        vec![Measure::EndSessions],
        vec![Measure::SetPassword(hash)],
    ] {
        app.mails().await;
        app.clock.advance(A_WHILE);
        let thief = app.anon().sign_in("ada@example.com", PASSWORD).await;
        change(&thief, "thief@example.com").await.is(202);
        let token = token_of(&app, "confirm-email-change", "thief").await;
        let recovery = forgotten(&app, "ada").await;
        let sets = matches!(measures.as_slice(), [Measure::SetPassword(_)]);
        for measure in measures {
            manage(measure).await;
        }
        follow(&app, CONFIRM, &token)
            .await
            .refuses_field("/token", "invalid_link");
        // The owner's own way back stays, unless the password is another one already.
        let recovered = reset(&app, &recovery, PASSWORD).await;
        match sets {
            true => recovered.refuses_field("/token", "invalid_link"),
            false => drop(recovered.is(204)),
        }
    }
}

#[tokio::test]
async fn acc8_a_link_is_good_for_its_time() {
    let app = TestApp::new().await;
    let ada = signed_in(&app).await;
    change(&ada, "lovelace@example.com").await.is(202);
    let token = token_of(&app, "confirm-email-change", "lovelace").await;
    app.clock.advance(Duration::from_hours(24));
    follow(&app, CONFIRM, &token)
        .await
        .refuses_field("/token", "invalid_link");
}
