//! Whether an account exists is told to nobody (ACC-3, E-33).

use ntt_auth_core::flow::{Actor, ManageUser, Measure};
use ntt_auth_core::model::{Client, Role};
use serde_json::{Value, json};

use crate::app::{Answer, PASSWORD, TestApp};

/// An answer without what differs between any two requests.
fn fingerprint(answer: &Answer) -> (u16, Value, Vec<String>) {
    let mut body = answer.json();
    if let Some(object) = body.as_object_mut() {
        object.remove("requestId");
    }
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| name.as_str() != "x-request-id")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    (answer.status.as_u16(), body, headers)
}

async fn manage(app: &TestApp, user: ntt_auth_core::model::UserId, measure: Measure) {
    ManageUser {
        actor: Actor::Operator,
        user,
        measure,
        client: Client::default(),
    }
    .run(&app.auth)
    .await
    .unwrap();
}

#[tokio::test]
async fn e33_every_refused_sign_in_is_answered_alike() {
    let app = TestApp::new().await;
    app.account("wrong", Role::User).await;
    let suspended = app.account("suspended", Role::User).await;
    manage(
        &app,
        suspended.id,
        Measure::Suspend {
            until: None,
            reason: None,
        },
    )
    .await;
    let deleted = app.account("deleted", Role::User).await;
    manage(&app, deleted.id, Measure::Delete).await;

    let attempt = async |email: &str, password: &str| {
        let answer = app
            .anon()
            .post(
                "/api/v1/auth/login",
                json!({ "email": email, "password": password }),
            )
            .await;
        answer.refuses(401, "invalid_credentials");
        fingerprint(&answer)
    };
    let unknown = attempt("unknown@example.com", PASSWORD).await;
    assert_eq!(
        unknown,
        attempt("wrong@example.com", "Not-the-password-1").await
    );
    assert_eq!(unknown, attempt("wrong@example.com", "").await);
    assert_eq!(unknown, attempt("suspended@example.com", PASSWORD).await);
    assert_eq!(
        unknown,
        attempt("suspended@example.com", "Not-the-password-1").await
    );
    assert_eq!(unknown, attempt("deleted@example.com", PASSWORD).await);
    assert_eq!(unknown, attempt("no address at all", PASSWORD).await);
    assert_eq!(unknown, attempt("", PASSWORD).await);
}

#[tokio::test]
async fn acc3_under_protection_a_taken_address_is_answered_like_a_free_one() {
    let app = TestApp::builder()
        .rules(|rules| rules.accounts.enumeration_protection = true)
        .build()
        .await;
    let register = async |email: &str| {
        app.anon()
            .post(
                "/api/v1/auth/register",
                json!({ "email": email, "password": PASSWORD }),
            )
            .await
    };
    let free = register("ada@example.com").await;
    assert_eq!(free.is(202).json(), json!({}));
    assert!(!free.headers.contains_key("location"));
    let taken = register("ADA@example.com").await;
    assert_eq!(fingerprint(&free), fingerprint(&taken));
    assert_eq!(app.accounts().await, 1);
    app.anon().sign_in("ada@example.com", PASSWORD).await;
    // What is wrong with the request itself is still told.
    register("nobody")
        .await
        .refuses_field("/email", "invalid_email");
}

#[tokio::test]
async fn e33_a_taken_user_name_is_told_whatever_the_address_is() {
    let app = TestApp::builder()
        .rules(|rules| rules.accounts.enumeration_protection = true)
        .build()
        .await;
    let register = async |email: &str, username: &str| {
        let body = json!({ "email": email, "username": username, "password": PASSWORD });
        app.anon().post("/api/v1/auth/register", body).await
    };
    register("ada@example.com", "ada").await.is(202);
    app.mails().await;
    let free = register("eve@example.com", "ADA").await;
    free.refuses_field("/username", "taken");
    let taken = register("ada@example.com", "Ada").await;
    assert_eq!(fingerprint(&free), fingerprint(&taken));
    // Whoever asks must ask again; until then the owner is told nothing, as nobody is who has no account.
    assert!(app.mails().await.is_empty());
    // A free name tells nothing either.
    let free = register("bob@example.com", "bob").await;
    let taken = register("ada@example.com", "lovelace").await;
    assert_eq!(fingerprint(free.is(202)), fingerprint(&taken));
    assert_eq!(app.accounts().await, 2);
}

#[tokio::test]
async fn ids_of_others_tell_nothing_to_who_may_not_read_them() {
    let app = TestApp::new().await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let unknown = "0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f".to_owned();
    for id in [bob.id().to_string(), unknown] {
        ada.get(&format!("/api/v1/users/{id}"))
            .await
            .refuses(403, "forbidden");
        ada.patch(&format!("/api/v1/users/{id}"), json!({}))
            .await
            .refuses(403, "forbidden");
        ada.delete(&format!("/api/v1/users/{id}"))
            .await
            .refuses(403, "forbidden");
        ada.get(&format!("/api/v1/users/{id}/sessions"))
            .await
            .refuses(403, "forbidden");
        ada.delete(&format!("/api/v1/auth/sessions/{id}"))
            .await
            .refuses(404, "not_found");
    }
    ada.delete(&format!("/api/v1/auth/sessions/{}", bob.session()))
        .await
        .refuses(404, "not_found");
    bob.validate().await.is(200);
}
