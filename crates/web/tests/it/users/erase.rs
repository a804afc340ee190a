//! Erasing an account for good (ACC-11).

use ntt_auth_core::model::{EventKind, Role};
use serde_json::json;

use super::path;
use crate::app::{PASSWORD, TestApp};

const ERASE_ME: &str = "/api/v1/users/me/erase";

#[tokio::test]
async fn acc11_whoever_erases_themselves_is_gone_at_once() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let elsewhere = app.anon().sign_in("ada@example.com", PASSWORD).await;
    ada.post(ERASE_ME, json!({ "currentPassword": PASSWORD }))
        .await
        .is(204);
    for one in [&ada, &elsewhere] {
        one.validate().await.refuses(401, "token_revoked");
        one.refresh().await.refuses(401, "refresh_token_invalid");
    }
    app.anon()
        .post(
            "/api/v1/auth/login",
            json!({ "email": "ada@example.com", "password": PASSWORD }),
        )
        .await
        .refuses(401, "invalid_credentials");
    assert_eq!(app.accounts().await, 0);
    assert_eq!(app.events(ada.id()).await, []);
    // The address is free again, and the newcomer is somebody else.
    let newcomer = app.user("ada").await;
    assert_ne!(newcomer.id(), ada.id());
}

#[tokio::test]
async fn v7_5_3_erasing_oneself_needs_the_current_password() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    ada.post(ERASE_ME, json!({}))
        .await
        .refuses_field("/currentPassword", "wrong_password");
    ada.post(ERASE_ME, json!({ "currentPassword": "Not-the-password-1" }))
        .await
        .refuses_field("/currentPassword", "wrong_password");
    ada.post(ERASE_ME, json!({ "password": PASSWORD }))
        .await
        .refuses_field("/password", "unknown_field");
    // Whoever asks for an erasure where there is none must not be left with an account that can be restored.
    ada.delete("/api/v1/users/me?erase=true")
        .await
        .refuses_field("/erase", "unknown_field");
    ada.validate().await.is(200);
    assert_eq!(app.accounts().await, 1);
    // By their own address as somebody else's, the password is needed all the same.
    let root = app.super_admin().await;
    app.account("heir", Role::SuperAdmin).await;
    root.delete(&path(&root, "?erase=true"))
        .await
        .refuses_field("/currentPassword", "required");
}

#[tokio::test]
async fn acc11_a_super_admin_erases_others_and_nobody_else_does() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let admin = app.admin().await;
    let moderator = app.moderator().await;
    let ada = app.user("ada").await;
    for caller in [&admin, &moderator, &ada] {
        let name = format!("target-{}", caller.id());
        let target = app.account(&name, Role::User).await;
        let target = format!("/api/v1/users/{}?erase=true", target.id);
        caller.delete(&target).await.refuses(403, "forbidden");
    }
    root.delete(&path(&ada, "?erase=true")).await.is(204);
    ada.validate().await.refuses(401, "token_revoked");
    root.delete(&path(&ada, "?erase=true"))
        .await
        .refuses(404, "not_found");
    root.get(&path(&ada, "")).await.refuses(404, "not_found");
    // Deleted ones too.
    root.delete(&path(&moderator, "")).await.is(204);
    root.delete(&path(&moderator, "?erase=true")).await.is(204);
    root.post_empty(&path(&moderator, "/restore"))
        .await
        .refuses(404, "not_found");
}

#[tokio::test]
async fn acc11_the_last_super_admin_is_not_erased() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let erase = async || {
        root.post(ERASE_ME, json!({ "currentPassword": PASSWORD }))
            .await
    };
    erase().await.refuses(409, "last_super_admin");
    root.validate().await.is(200);
    app.account("heir", Role::SuperAdmin).await;
    erase().await.is(204);
}

#[tokio::test]
async fn acc11_what_an_erased_person_did_stays_told_without_them() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let admin = app.admin().await;
    let ada = app.user("ada").await;
    admin.post_empty(&path(&ada, "/suspend")).await.is(200);
    root.delete(&path(&admin, "?erase=true")).await.is(204);
    let told = app.events(ada.id()).await;
    let suspended = told
        .iter()
        .find(|event| event.kind == EventKind::UserSuspended)
        .unwrap();
    assert_eq!((suspended.actor, suspended.ip_address), (None, None));
}
