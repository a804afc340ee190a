//! Mail to an address with which somebody else registers.

use serde_json::json;

use super::{
    A_WHILE, CHANGE_EMAIL, CONFIRM, FORGOT, NEW, RESEND, VERIFY, follow, letters, registered,
    token_of,
};
use crate::app::{PASSWORD, Principal, TestApp};

async fn register(app: &TestApp, email: &str) -> Principal {
    let body = json!({ "email": email, "password": PASSWORD });
    app.anon().post("/api/v1/auth/register", body).await.is(201);
    app.anon().sign_in(email, PASSWORD).await
}

async fn erase(account: &Principal) {
    let body = json!({ "currentPassword": PASSWORD });
    account.post("/api/v1/users/me/erase", body).await.is(204);
}

#[tokio::test]
async fn acc7_an_account_that_is_erased_and_made_anew_has_no_more_mails_sent_to_its_address() {
    let app = TestApp::new().await;
    let mut sent = 0;
    for round in 0..20 {
        let email = ["stranger@example.com", "Stranger@EXAMPLE.com"][round % 2];
        let account = register(&app, email).await;
        let first = app.mails().await.len();
        app.anon()
            .post(RESEND, json!({ "email": email }))
            .await
            .is(202);
        assert_eq!(
            app.mails().await.len() + first,
            usize::from(sent < 10),
            "{round}"
        );
        sent += first;
        erase(&account).await;
        let account = register(&app, email).await;
        app.anon()
            .post(RESEND, json!({ "email": email }))
            .await
            .is(202);
        assert_eq!(app.mails().await.len(), 0, "{round}");
        erase(&account).await;
        app.clock.advance(A_WHILE);
    }
    assert_eq!(sent, 10);
    // Other addresses, and letters of other kinds, are counted apart.
    register(&app, "other@example.com").await;
    assert_eq!(app.mails().await.len(), 1);
    let mut sent = 0;
    for _ in 0..12 {
        let account = register(&app, "stranger@example.com").await;
        let body = json!({ "email": "stranger@example.com" });
        app.anon().post(FORGOT, body).await.is(202);
        sent += app.mails().await.len();
        erase(&account).await;
        app.clock.advance(A_WHILE);
    }
    assert_eq!(sent, 10);
}

#[tokio::test]
async fn acc8_accounts_that_leave_a_strangers_address_write_to_it_once_a_minute() {
    let app = TestApp::new().await;
    let mut told = Vec::new();
    for number in 0..2 {
        let account = register(&app, "stranger@example.com").await;
        app.mails().await;
        let own = format!("mine{number}@example.com");
        let body = json!({ "newEmail": own, "currentPassword": PASSWORD });
        account.post(CHANGE_EMAIL, body).await.is(202);
        let name = format!("mine{number}");
        let token = token_of(&app, "confirm-email-change", &name).await;
        follow(&app, CONFIRM, &token).await.is(204);
        told.push(app.mails().await.len());
    }
    assert_eq!(told, [1, 0]);
}

#[tokio::test]
async fn acc6_changes_of_password_are_told_to_a_strangers_address_once_a_minute_and_to_a_users_each_time()
 {
    let app = TestApp::new().await;
    let token = registered(&app, "ada").await;
    let ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
    let change = async |from: &str, to: &str| {
        let body = json!({ "currentPassword": from, "newPassword": to });
        ada.post("/api/v1/auth/change-password", body).await.is(204);
        app.mails().await.len()
    };
    assert_eq!(change(PASSWORD, NEW).await, 1);
    assert_eq!(change(NEW, PASSWORD).await, 0);
    follow(&app, VERIFY, &token).await.is(204);
    assert_eq!(change(PASSWORD, NEW).await, 1);
    assert_eq!(change(NEW, PASSWORD).await, 1);
}

#[tokio::test]
async fn a_strangers_address_is_told_of_devices_and_registrations_once_a_minute_whoever_has_it() {
    let app = TestApp::builder()
        .rules(|rules| rules.accounts.enumeration_protection = true)
        .build()
        .await;
    let mut told = Vec::new();
    for _ in 0..2 {
        let body = json!({ "email": "stranger@example.com", "password": PASSWORD });
        let register = async || {
            let answer = app.anon().post("/api/v1/auth/register", body.clone()).await;
            answer.is(202);
        };
        register().await;
        register().await;
        let account = app.anon().sign_in("stranger@example.com", PASSWORD).await;
        let elsewhere = app.anon().at("203.0.113.9").with_agent("Firefox/140.0");
        elsewhere.sign_in("stranger@example.com", PASSWORD).await;
        let mut names: Vec<_> = letters(&app).await.into_iter().map(|one| one.0).collect();
        names.sort();
        told.push(names);
        erase(&account).await;
    }
    let first = ["account-exists", "new-device", "verify-email"].map(String::from);
    assert_eq!(told, [first.to_vec(), Vec::new()]);
}
