//! One's own account (ACC-9, ACC-10).

use ntt_auth_core::flow::{Actor, ManageUser, Measure};
use ntt_auth_core::model::{Client, EventKind};
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};

const ME: &str = "/api/v1/users/me";

#[tokio::test]
async fn acc9_what_is_absent_is_kept_and_null_clears() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let change = json!({
        "username": "ada",
        "firstName": "Ada",
        "lastName": "Lovelace",
        "phone": "+442071234567",
        "avatarUrl": "https://example.com/a.png",
        "timezone": "Europe/London",
        "locale": "en-GB",
        "metadata": { "a": 1, "b": { "c": [true] } },
    });
    app.clock.advance(std::time::Duration::from_millis(1500));
    let changed = ada.patch(ME, change.clone()).await.is(200).json();
    for (name, value) in change.as_object().unwrap() {
        assert_eq!(&changed[name], value, "{name}");
    }
    assert_eq!(changed["updatedAt"], "2026-01-01T00:00:01.500Z");
    assert_eq!(changed["email"], "ada@example.com");
    assert_eq!(ada.get(ME).await.json(), changed);

    let cleared = ada
        .patch(
            ME,
            json!({ "phone": null, "lastName": null, "metadata": null }),
        )
        .await
        .is(200)
        .json();
    assert_eq!(
        (&cleared["phone"], &cleared["lastName"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(cleared["metadata"], json!({}));
    assert_eq!(
        (&cleared["firstName"], &cleared["username"]),
        (&json!("Ada"), &json!("ada"))
    );

    // Metadata is replaced as a whole.
    ada.patch(ME, json!({ "metadata": { "x": 1 } }))
        .await
        .is(200);
    assert_eq!(
        ada.patch(ME, json!({ "metadata": { "y": 2 } }))
            .await
            .json()["metadata"],
        json!({ "y": 2 })
    );
    assert_eq!(
        ada.patch(ME, json!({})).await.is(200).json()["metadata"],
        json!({ "y": 2 })
    );
    assert!(
        app.events(ada.id())
            .await
            .iter()
            .any(|event| event.kind == EventKind::UserUpdated)
    );
}

#[tokio::test]
async fn acc9_e40_protected_fields_are_refused_by_name_and_nothing_is_written() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let before = ada.get(ME).await.json();
    for (field, value) in [
        ("email", json!("root@example.com")),
        ("role", json!("super_admin")),
        ("isSuperuser", json!(true)),
        ("isActive", json!(false)),
        ("isEmailVerified", json!(true)),
        ("emailVerified", json!(true)),
        ("userId", json!("0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f")),
        ("user_id", json!("x")),
        ("password", json!("Difference-Engine-1822")),
        ("passwordHash", json!("$2b$04$x")),
        ("createdAt", json!("2020-01-01T00:00:00Z")),
        ("suspendedUntil", json!(null)),
        ("deletedAt", json!(null)),
        ("tokenVersion", json!(1)),
        ("revision", json!(1)),
        ("tenant_id", json!("t")),
    ] {
        let answer = ada
            .patch(ME, json!({ "firstName": "Eve", field: value }))
            .await;
        answer.refuses_field(&format!("/{field}"), "unknown_field");
    }
    assert_eq!(ada.get(ME).await.json(), before);
}

#[tokio::test]
async fn acc9_every_mistake_is_named_and_nothing_is_written() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let deep = json!({ "a": [[[[[[[[1]]]]]]]] });
    let change = json!({
        "firstName": "Ada", "lastName": "x\u{202e}y", "phone": "1", "timezone": "Nowhere", "metadata": deep,
    });
    let answer = ada.patch(ME, change).await;
    answer.refuses(422, "validation_failed");
    let fields: Vec<String> = answer
        .mistakes()
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    assert_eq!(fields, ["/lastName", "/phone", "/timezone", "/metadata"]);
    assert_eq!(ada.get(ME).await.json()["firstName"], Value::Null);
    for wrong in [
        json!({ "firstName": 1 }),
        json!({ "firstName": ["Ada"] }),
        json!({ "firstName": { "a": 1 } }),
    ] {
        ada.patch(ME, wrong)
            .await
            .refuses_field("/firstName", "invalid_type");
    }
    ada.patch(ME, json!({ "metadata": [] }))
        .await
        .refuses_field("/metadata", "invalid_type");
    let large = json!({ "metadata": { "x": "y".repeat(16 * 1024) } });
    ada.patch(ME, large)
        .await
        .refuses_field("/metadata", "too_long");
}

#[tokio::test]
async fn acc2_a_taken_user_name_is_named() {
    let app = TestApp::new().await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    ada.patch(ME, json!({ "username": "countess" }))
        .await
        .is(200);
    bob.patch(ME, json!({ "username": "Countess" }))
        .await
        .refuses_field("/username", "taken");
    // One's own name in another spelling is one's own.
    ada.patch(ME, json!({ "username": "COUNTESS" }))
        .await
        .is(200);
    ada.patch(ME, json!({ "username": null })).await.is(200);
    bob.patch(ME, json!({ "username": "Countess" }))
        .await
        .is(200);
}

#[tokio::test]
async fn acc10_who_deletes_themselves_is_gone_until_restored() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let admin = app.admin().await;
    ada.delete(ME).await.is(204);
    ada.validate().await.refuses(401, "token_revoked");
    ada.refresh().await.refuses(401, "refresh_token_invalid");
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    app.anon()
        .post("/api/v1/auth/login", body.clone())
        .await
        .refuses(401, "invalid_credentials");
    app.anon()
        .post("/api/v1/auth/register", body)
        .await
        .refuses_field("/email", "taken");
    let restored = admin
        .post_empty(&format!("/api/v1/users/{}/restore", ada.id()))
        .await
        .is(200)
        .json();
    assert_eq!(
        (&restored["deletedAt"], &restored["isActive"]),
        (&Value::Null, &json!(true))
    );
    // The sessions that ended stay ended.
    ada.validate().await.refuses(401, "token_revoked");
    app.anon().sign_in("ada@example.com", PASSWORD).await;
}

#[tokio::test]
async fn whoever_was_deleted_under_a_good_token_is_told_nothing() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let delete = ManageUser {
        actor: Actor::Operator,
        user: ada.id(),
        measure: Measure::Delete,
        client: Client::default(),
    };
    delete.run(&app.auth).await.unwrap();
    ada.get(ME).await.refuses(401, "token_revoked");
    ada.patch(ME, json!({ "firstName": "Ada" }))
        .await
        .refuses(401, "token_revoked");
    ada.delete(ME).await.refuses(401, "token_revoked");
}
