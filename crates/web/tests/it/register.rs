//! Registration (ACC-1, ACC-2, ACC-3, ACC-4).

use futures::future::join_all;
use ntt_auth_core::model::{EventKind, Role};
use ntt_auth_core::policy::ProfileField;
use serde_json::{Value, json};

use crate::app::{Answer, PASSWORD, TestApp};

async fn register(app: &TestApp, body: Value) -> Answer {
    app.anon().post("/api/v1/auth/register", body).await
}

fn with(more: Value) -> Value {
    let mut body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let Value::Object(more) = more else {
        panic!("an object")
    };
    body.as_object_mut().unwrap().extend(more);
    body
}

#[tokio::test]
async fn acc1_everything_that_is_told_is_kept() {
    let app = TestApp::new().await;
    let answer = register(
        &app,
        with(json!({
            "email": "Ada@EXAMPLE.com",
            "username": "Ada.L",
            "firstName": "Ada",
            "lastName": "Lovelace",
            "phone": "+44 20 7123-4567",
            "avatarUrl": "https://example.com/ada.png",
            "timezone": "europe/london",
            "locale": "EN-gb",
            "metadata": { "plan": "free", "flags": [1, true, null] },
        })),
    )
    .await;
    let user = answer.is(201).json();
    let id = user["userId"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), format!("/api/v1/users/{id}"));
    assert_eq!(
        user,
        json!({
            "userId": id,
            "email": "Ada@example.com",
            "username": "Ada.L",
            "firstName": "Ada",
            "lastName": "Lovelace",
            "role": "user",
            "isActive": true,
            "isEmailVerified": false,
            "isSuperuser": false,
            "phone": "+442071234567",
            "avatarUrl": "https://example.com/ada.png",
            "timezone": "Europe/London",
            "locale": "en-GB",
            "metadata": { "plan": "free", "flags": [1, true, null] },
            "lastLoginAt": null,
            "createdAt": "2026-01-01T00:00:00.000Z",
            "updatedAt": "2026-01-01T00:00:00.000Z",
            "suspendedUntil": null,
            "deletedAt": null,
        })
    );
    let events = app.events(id.parse().unwrap()).await;
    assert_eq!(events[0].kind, EventKind::Registered);
    app.anon().sign_in("ada@example.com", PASSWORD).await;
    app.anon().sign_in("ada.l", PASSWORD).await;
}

#[tokio::test]
async fn acc1_what_is_required_is_configurable() {
    let app = TestApp::builder()
        .rules(|rules| {
            rules.accounts.required = vec![ProfileField::Username, ProfileField::Timezone];
        })
        .build()
        .await;
    let answer = register(&app, with(json!({}))).await;
    answer.refuses(422, "validation_failed");
    let required = |field: &str| (field.to_owned(), "required".to_owned());
    assert_eq!(
        answer.mistakes(),
        [required("/username"), required("/timezone")]
    );
    register(&app, with(json!({ "username": "ada", "timezone": "UTC" })))
        .await
        .is(201);
}

#[tokio::test]
async fn every_mistake_is_named_at_once() {
    let app = TestApp::new().await;
    let answer = register(
        &app,
        json!({
            "email": "nobody",
            "password": "abc",
            "username": "a b",
            "firstName": "",
            "phone": "110",
            "avatarUrl": "javascript:alert(1)",
            "timezone": "Mars/Olympus",
            "locale": "!",
        }),
    )
    .await;
    answer.refuses(422, "validation_failed");
    let mistakes = answer.mistakes();
    let named = |field: &str, code: &str| mistakes.contains(&(field.to_owned(), code.to_owned()));
    for (field, code) in [
        ("/email", "invalid_email"),
        ("/username", "invalid_username"),
        ("/firstName", "too_short"),
        ("/phone", "invalid_phone"),
        ("/avatarUrl", "invalid_url"),
        ("/timezone", "invalid_timezone"),
        ("/locale", "invalid_locale"),
        ("/password", "too_short"),
        ("/password", "missing_upper"),
        ("/password", "missing_digit"),
        ("/password", "missing_special"),
    ] {
        assert!(named(field, code), "{field} {code} in {mistakes:?}");
    }
    assert_eq!(app.accounts().await, 0);
}

#[tokio::test]
async fn an_empty_object_names_what_is_missing() {
    let app = TestApp::new().await;
    let answer = register(&app, json!({})).await;
    answer.refuses(422, "validation_failed");
    let fields: Vec<String> = answer
        .mistakes()
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    assert!(
        fields.contains(&"/email".to_owned()) && fields.contains(&"/password".to_owned()),
        "{fields:?}"
    );
}

#[tokio::test]
async fn acc3_a_taken_address_or_user_name_is_named_in_whatever_spelling() {
    let app = TestApp::new().await;
    register(&app, with(json!({ "username": "ada" })))
        .await
        .is(201);
    for email in [
        "ada@example.com",
        "ADA@Example.COM",
        " ada@example.com ",
        "ａｄａ@example.com",
    ] {
        register(&app, with(json!({ "email": email })))
            .await
            .refuses_field("/email", "taken");
    }
    for username in ["ada", "ADA", "ａｄａ"] {
        let body = with(json!({ "email": "other@example.com", "username": username }));
        register(&app, body)
            .await
            .refuses_field("/username", "taken");
    }
    let both = register(&app, with(json!({ "username": "Ada" }))).await;
    let taken = |field: &str| (field.to_owned(), "taken".to_owned());
    assert_eq!(both.mistakes(), [taken("/email"), taken("/username")]);
    assert_eq!(app.accounts().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn acc3_of_sixteen_at_once_one_gets_the_address() {
    let app = TestApp::new().await;
    let answers = join_all((0..16).map(|_| {
        let app = app.clone();
        tokio::spawn(async move { register(&app, with(json!({}))).await })
    }))
    .await;
    let answers: Vec<Answer> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 201).count(),
        1
    );
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.refuses_field("/email", "taken");
    }
    assert_eq!(app.accounts().await, 1);
}

#[tokio::test]
async fn e40_nobody_gives_themselves_what_is_not_theirs_to_give() {
    let app = TestApp::new().await;
    for (field, value) in [
        ("role", json!("super_admin")),
        ("isSuperuser", json!(true)),
        ("userId", json!("0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f")),
        ("user_id", json!("0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f")),
        ("id", json!(1)),
        ("isActive", json!(true)),
        ("isEmailVerified", json!(true)),
        ("email_verified", json!(true)),
        ("emailVerifiedAt", json!("2026-01-01T00:00:00Z")),
        ("tenant_id", json!("t")),
        ("organizationId", json!("o")),
        ("passwordHash", json!("$2b$12$abc")),
        ("tokenVersion", json!(7)),
        ("createdAt", json!("2020-01-01T00:00:00Z")),
        ("deletedAt", json!(null)),
        ("suspendedUntil", json!(null)),
        ("__proto__", json!({ "role": "admin" })),
        ("constructor", json!({})),
    ] {
        let answer = register(&app, with(json!({ field: value }))).await;
        answer.refuses_field(&format!("/{field}"), "unknown_field");
    }
    assert_eq!(app.accounts().await, 0);
}

#[tokio::test]
async fn acc4_common_and_personal_passwords_are_refused() {
    let app = TestApp::new().await;
    register(&app, with(json!({ "password": "Password1!" })))
        .await
        .refuses_field("/password", "common");
    let answer = register(
        &app,
        with(json!({ "firstName": "Augusta", "password": "xQ7!zv-Augusta" })),
    )
    .await;
    answer.refuses_field("/password", "contains_context");
    let long = format!("Aa1!{}", "x7Q-".repeat(40));
    let answer = register(&app, with(json!({ "password": long }))).await;
    answer.refuses_field("/password", "too_long");
}

#[tokio::test]
async fn a_new_account_is_of_the_role_user_and_has_no_session() {
    let app = TestApp::new().await;
    let user = register(&app, with(json!({}))).await.is(201).json();
    let stored = app
        .stored(user["userId"].as_str().unwrap().parse().unwrap())
        .await;
    assert_eq!(stored.role, Role::User);
    assert!(stored.last_login_at.is_none());
}
