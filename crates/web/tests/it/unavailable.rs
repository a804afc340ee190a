//! While the store is away, or the hashing pool is full.

use std::sync::Arc;

use ntt_auth_core::model::Role;
use ntt_auth_core::password::{FormatError, HasherError};
use serde_json::{Value, json};

use crate::app::{Failing, PASSWORD, Switch, TestApp, fresh};

#[tokio::test]
async fn every_route_that_needs_the_store_says_so_and_recovers_by_itself() {
    let switch = Switch::over(fresh().await);
    let app = TestApp::builder().store(switch.clone()).build().await;
    let admin = app.admin().await;
    let ada = app.account("ada", Role::User).await;
    let user = format!("/api/v1/users/{}", ada.id);
    let login = json!({ "email": "admin@example.com", "password": PASSWORD });
    switch.off();
    let answers = [
        app.anon().post("/api/v1/auth/login", login.clone()).await,
        app.anon()
            .post(
                "/api/v1/auth/register",
                json!({ "email": "new@example.com", "password": PASSWORD }),
            )
            .await,
        admin.refresh().await,
        admin.post_empty("/api/v1/auth/logout").await,
        admin.post_empty("/api/v1/auth/logout-all").await,
        admin
            .post(
                "/api/v1/auth/change-password",
                json!({ "currentPassword": PASSWORD, "newPassword": "Difference-Engine-1822" }),
            )
            .await,
        admin.get("/api/v1/auth/sessions").await,
        admin
            .delete(&format!("/api/v1/auth/sessions/{}", admin.session()))
            .await,
        admin.get("/api/v1/users").await,
        admin
            .post("/api/v1/users", json!({ "email": "new@example.com" }))
            .await,
        admin.get("/api/v1/users/me").await,
        admin
            .patch("/api/v1/users/me", json!({ "firstName": "A" }))
            .await,
        admin.delete("/api/v1/users/me").await,
        admin.get(&user).await,
        admin.patch(&user, json!({ "firstName": "A" })).await,
        admin.delete(&user).await,
        admin
            .patch(&format!("{user}/role"), json!({ "role": "moderator" }))
            .await,
        admin.post_empty(&format!("{user}/suspend")).await,
        admin.post_empty(&format!("{user}/reactivate")).await,
        admin.post_empty(&format!("{user}/restore")).await,
        admin.post_empty(&format!("{user}/logout-all")).await,
        admin.get(&format!("{user}/sessions")).await,
    ];
    for answer in answers {
        answer.refuses(503, "unavailable");
        assert!(
            !answer.text().contains("switched off"),
            "the cause is for the log: {}",
            answer.text()
        );
    }
    assert_eq!(app.anon().get("/health/ready").await.status, 503);
    assert_eq!(app.anon().get("/health/live").await.status, 200);
    app.anon().get("/api/v1/auth/password-policy").await.is(200);
    app.anon().get("/api/v1/auth/permissions").await.is(200);

    switch.on();
    assert_eq!(app.anon().get("/health/ready").await.status, 200);
    admin.validate().await.is(200);
    app.anon().post("/api/v1/auth/login", login).await.is(200);
    assert_eq!(app.accounts().await, 2);
}

async fn with_hasher(error: HasherError) -> TestApp {
    TestApp::builder()
        .hasher(Arc::new(Failing(error)))
        .build()
        .await
}

fn needing_a_hash() -> [(&'static str, Value); 2] {
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    [
        ("/api/v1/auth/login", body.clone()),
        ("/api/v1/auth/register", body),
    ]
}

#[tokio::test]
async fn a_full_hashing_pool_is_a_503_at_once() {
    let app = with_hasher(HasherError::Overloaded {
        retry_after_secs: 3,
    })
    .await;
    for (path, body) in needing_a_hash() {
        let answer = app.anon().post(path, body).await;
        answer.refuses(503, "overloaded");
        assert_eq!(answer.header("retry-after"), "3");
    }
    assert_eq!(app.accounts().await, 0);
}

#[tokio::test]
async fn a_closed_hashing_pool_is_a_503() {
    let app = with_hasher(HasherError::Closed).await;
    for (path, body) in needing_a_hash() {
        app.anon()
            .post(path, body)
            .await
            .refuses(503, "unavailable");
    }
}

#[tokio::test]
async fn a_defect_is_a_500_that_tells_no_cause() {
    let app = with_hasher(HasherError::Corrupt(FormatError::Unsupported("rot13"))).await;
    for (path, body) in needing_a_hash() {
        let answer = app.anon().post(path, body).await;
        answer.refuses(500, "internal");
        assert!(
            !answer.text().contains("rot13") && !answer.text().contains("hash"),
            "{}",
            answer.text()
        );
    }
    assert_eq!(app.accounts().await, 0);
}
