//! Signing in (TOK-1, ACC-2, ACC-5).

use ntt_auth_core::model::{EventKind, Role};
use serde_json::{Value, json};

use crate::app::{Answer, PASSWORD, TestApp};

async fn login(app: &TestApp, body: Value) -> Answer {
    app.anon().post("/api/v1/auth/login", body).await
}

#[tokio::test]
async fn tok1_a_sign_in_hands_out_two_tokens_and_the_user() {
    let app = TestApp::new().await;
    let ada = app.account("ada", Role::User).await;
    let body =
        json!({ "email": "ada@example.com", "password": PASSWORD, "deviceName": "Ada's phone" });
    let answer = login(&app, body).await;
    let tokens = answer.is(200).json();
    assert_eq!(answer.header("cache-control"), "no-store");
    let names: Vec<&String> = tokens.as_object().unwrap().keys().collect();
    let mut expected = [
        "accessToken",
        "refreshToken",
        "tokenType",
        "expiresIn",
        "refreshExpiresIn",
        "sessionId",
        "user",
        "deviceToken",
    ];
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!(tokens["tokenType"], "Bearer");
    assert_eq!(
        (&tokens["expiresIn"], &tokens["refreshExpiresIn"]),
        (&json!(3600), &json!(604_800))
    );
    assert!(
        tokens["refreshToken"]
            .as_str()
            .unwrap()
            .starts_with("ntt_rt_")
    );
    assert_eq!(tokens["user"]["userId"], ada.id.to_string());
    assert_eq!(tokens["user"]["lastLoginAt"], "2026-01-01T00:00:00.000Z");
    let events = app.events(ada.id).await;
    let event = events
        .iter()
        .find(|event| event.kind == EventKind::SignedIn)
        .unwrap();
    assert_eq!(event.session.unwrap().to_string(), tokens["sessionId"]);
}

#[tokio::test]
async fn acc2_address_and_user_name_are_found_in_any_case() {
    let app = TestApp::new().await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD, "username": "ada" });
    app.anon().post("/api/v1/auth/register", body).await.is(201);
    for named in [
        json!({ "email": "ADA@EXAMPLE.COM" }),
        json!({ "email": " ada@example.com" }),
        json!({ "identifier": "Ada@Example.com" }),
        json!({ "username": "ADA" }),
        json!({ "identifier": "ada" }),
    ] {
        let mut body = json!({ "password": PASSWORD });
        body.as_object_mut()
            .unwrap()
            .extend(named.as_object().unwrap().clone());
        login(&app, body).await.is(200);
    }
}

#[tokio::test]
async fn a_missing_password_is_named_and_an_empty_one_is_wrong() {
    let app = TestApp::new().await;
    let body = json!({ "email": "ada@example.com" });
    login(&app, body)
        .await
        .refuses_field("/password", "required");
    let body = json!({ "email": "ada@example.com", "password": "" });
    login(&app, body).await.refuses(401, "invalid_credentials");
}

#[tokio::test]
async fn exactly_one_name_is_needed() {
    let app = TestApp::new().await;
    login(&app, json!({ "password": PASSWORD }))
        .await
        .refuses_field("/identifier", "required");
    let body = json!({ "email": "ada@example.com", "username": "ada", "password": PASSWORD });
    login(&app, body)
        .await
        .refuses_field("/username", "ambiguous");
    let body = json!({ "email": "ada@example.com", "identifier": "ada", "password": PASSWORD });
    login(&app, body)
        .await
        .refuses_field("/identifier", "ambiguous");
    let body = json!({ "email": "ada@example.com", "password": PASSWORD, "role": "admin" });
    login(&app, body)
        .await
        .refuses_field("/role", "unknown_field");
    let body = json!({ "email": "ada@example.com", "password": PASSWORD, "deviceName": "a\nb" });
    login(&app, body)
        .await
        .refuses_field("/deviceName", "invalid_characters");
    let body =
        json!({ "email": "ada@example.com", "password": PASSWORD, "deviceName": "x".repeat(101) });
    login(&app, body)
        .await
        .refuses_field("/deviceName", "too_long");
    let body = json!({ "email": "ada@example.com", "password": "x".repeat(1025) });
    login(&app, body)
        .await
        .refuses_field("/password", "too_long");
}

#[tokio::test]
async fn e34_every_byte_of_a_long_password_counts() {
    let app = TestApp::new().await;
    let base = format!("Aa1!{}", "q7-Zx".repeat(14));
    for length in [71, 72, 73, 74, 100, 128] {
        let name = format!("p{length}@example.com");
        let password: String = format!("{base}{base}").chars().take(length).collect();
        let body = json!({ "email": name, "password": password });
        app.anon().post("/api/v1/auth/register", body).await.is(201);
        let attempt = async |password: &str| {
            login(&app, json!({ "email": name, "password": password })).await
        };
        attempt(&password).await.is(200);
        attempt(&password[..length - 1])
            .await
            .refuses(401, "invalid_credentials");
        attempt(&format!("{password}x"))
            .await
            .refuses(401, "invalid_credentials");
        let other_end = format!("{}~", &password[..length - 1]);
        attempt(&other_end)
            .await
            .refuses(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn e34_a_nul_is_a_character_like_any_other() {
    let app = TestApp::new().await;
    let password = "Aa1!zz\0Quick-Fox";
    let body = json!({ "email": "nul@example.com", "password": password });
    app.anon().post("/api/v1/auth/register", body).await.is(201);
    login(
        &app,
        json!({ "email": "nul@example.com", "password": password }),
    )
    .await
    .is(200);
    for other in ["Aa1!zz", "Aa1!zz\0", "Aa1!zz\0Quick-Fax"] {
        login(
            &app,
            json!({ "email": "nul@example.com", "password": other }),
        )
        .await
        .refuses(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn emoji_and_both_spellings_of_an_accent_sign_in() {
    let app = TestApp::new().await;
    let body = json!({ "email": "e@example.com", "password": "Zu\u{308}rich-1843-🚀👩‍🚀" });
    app.anon().post("/api/v1/auth/register", body).await.is(201);
    login(
        &app,
        json!({ "email": "e@example.com", "password": "Z\u{fc}rich-1843-🚀👩‍🚀" }),
    )
    .await
    .is(200);
    login(
        &app,
        json!({ "email": "e@example.com", "password": "Zurich-1843-🚀👩‍🚀" }),
    )
    .await
    .refuses(401, "invalid_credentials");
}

#[tokio::test]
async fn e30_every_session_has_an_id_of_its_own_that_never_comes_back() {
    let app = TestApp::new().await;
    let mut seen = std::collections::HashSet::new();
    let mut ada = app.user("ada").await;
    for _ in 0..20 {
        assert!(seen.insert(ada.session()), "a session id came back");
        let refreshed = ada.refreshed().await;
        assert_eq!(refreshed.session(), ada.session());
        refreshed.post_empty("/api/v1/auth/logout").await.is(204);
        ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
    }
}

#[tokio::test]
async fn e30_nobody_chooses_a_session_id() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let id = ada.session().to_string();
    let body = json!({ "email": "ada@example.com", "password": PASSWORD, "sessionId": id });
    login(&app, body)
        .await
        .refuses_field("/sessionId", "unknown_field");
    let headers = [
        ("content-type", "application/json"),
        ("cookie", "session=1; sid=1; ntt_session=1"),
    ];
    let body = json!({ "email": "ada@example.com", "password": PASSWORD }).to_string();
    let answer = app
        .anon()
        .send_raw(http::Method::POST, "/api/v1/auth/login", &headers, body)
        .await;
    assert_ne!(answer.is(200).json()["sessionId"], id);
    assert!(!answer.headers.contains_key("set-cookie"));
}
