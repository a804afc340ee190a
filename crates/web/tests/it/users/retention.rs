//! What becomes of deleted accounts (ACC-10).

use std::time::Duration;

use ntt_auth_core::flow::erase_deleted;
use ntt_auth_core::model::Role;
use serde_json::json;

use super::{USERS, path};
use crate::app::{PASSWORD, TestApp};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn acc10_a_deleted_account_can_be_restored_for_ninety_days_and_is_erased_then() {
    let app = TestApp::new().await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    for user in [&ada, &bob] {
        user.delete("/api/v1/users/me").await.is(204);
    }
    app.clock.advance(DAY * 90);
    assert_eq!(erase_deleted(&app.auth).await.unwrap(), 0);
    let admin = app.admin().await;
    admin.post_empty(&path(&bob, "/restore")).await.is(200);
    app.clock.advance(Duration::from_millis(1));
    assert_eq!(erase_deleted(&app.auth).await.unwrap(), 1);
    assert_eq!(erase_deleted(&app.auth).await.unwrap(), 0);
    admin.get(&path(&ada, "")).await.refuses(404, "not_found");
    admin
        .post_empty(&path(&ada, "/restore"))
        .await
        .refuses(404, "not_found");
    assert_eq!(app.events(ada.id()).await, []);
    admin.get(&path(&bob, "")).await.is(200);
    // Nobody finds her, and her address is free.
    let found = admin
        .get(&format!("{USERS}?q=ada&includeDeleted=true"))
        .await;
    assert_eq!(found.is(200).json()["items"], json!([]));
    app.anon()
        .post(
            "/api/v1/auth/register",
            json!({ "email": "ada@example.com", "password": PASSWORD }),
        )
        .await
        .is(201);
}

#[tokio::test]
async fn acc10_many_deleted_accounts_are_erased_in_steps_and_a_restored_one_counts_anew() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let mut ids = Vec::new();
    for number in 0..120 {
        ids.push(app.account(&format!("u{number}"), Role::User).await.id);
    }
    for id in &ids {
        root.delete(&format!("{USERS}/{id}")).await.is(204);
    }
    root.post_empty(&format!("{USERS}/{}/restore", ids[0]))
        .await
        .is(200);
    app.clock.advance(DAY * 50);
    let root = root.sign_in("root@example.com", PASSWORD).await;
    root.delete(&format!("{USERS}/{}", ids[0])).await.is(204);
    app.clock.advance(DAY * 41);
    assert_eq!(erase_deleted(&app.auth).await.unwrap(), 119);
    app.clock.advance(DAY * 50);
    assert_eq!(erase_deleted(&app.auth).await.unwrap(), 1);
    assert_eq!(app.accounts().await, 1);
}
