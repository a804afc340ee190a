//! Access tokens: what is accepted, from whom, and for how long (TOK-4, TOK-8, TOK-9, AUT-2).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ntt_auth_core::flow::{self, Actor, ManageUser, Measure, offer_set_up};
use ntt_auth_core::model::{Client, Role};
use serde_json::{Value, json};

use crate::app::{PASSWORD, PUBLIC_URL, Principal, Switch, TestApp, fresh};

fn claims(token: &str) -> Value {
    let body = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

async fn manage(app: &TestApp, holder: &Principal, measure: Measure) {
    let client = Client::default();
    ManageUser {
        actor: Actor::Operator,
        user: holder.id(),
        measure,
        client,
    }
    .run(&app.auth)
    .await
    .unwrap();
}

#[tokio::test]
async fn tok8_a_good_token_is_told_apart() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let answer = ada.validate().await;
    assert_eq!(
        answer.is(200).json(),
        json!({
            "active": true,
            "userId": ada.id().to_string(),
            "sessionId": ada.session().to_string(),
            "role": "user",
            "scope": "account",
            "audience": PUBLIC_URL,
            "expiresAt": "2026-01-01T01:00:00.000Z",
        })
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn tok4_the_claims_hold_what_they_should_and_no_secret() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let claims = claims(ada.access.as_ref().unwrap());
    let names: Vec<&str> = claims
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected = [
        "iss", "sub", "aud", "iat", "nbf", "exp", "jti", "sid", "role", "scope", "type", "ver",
        "email",
    ];
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!(
        (&claims["type"], &claims["role"]),
        (&json!("access"), &json!("user"))
    );
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        3600
    );
}

#[tokio::test]
async fn a_token_expires_to_the_second() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    app.clock
        .advance(Duration::from_hours(1) + Duration::from_millis(4999));
    ada.validate().await.is(200);
    app.clock.advance(Duration::from_millis(1));
    ada.validate().await.refuses(401, "token_expired");
    ada.get("/api/v1/users/me")
        .await
        .refuses(401, "token_expired");
    let answer = ada.validate().await;
    assert!(
        answer
            .header("www-authenticate")
            .contains("error=\"invalid_token\"")
    );
    // The same when it was never seen before.
    let bob = app.user("bob").await;
    app.clock.advance(Duration::from_hours(2));
    bob.validate().await.refuses(401, "token_expired");
}

#[tokio::test]
async fn a_token_is_taken_from_the_header_alone() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let token = ada.access.clone().unwrap();
    let anon = app.anon();
    anon.validate().await.refuses(401, "token_missing");
    anon.get(&format!("/api/v1/auth/validate?access_token={token}"))
        .await
        .refuses(401, "token_missing");
    let cookie = format!("access_token={token}; Authorization=Bearer {token}");
    let headers = [("cookie", cookie.as_str())];
    anon.send_raw(http::Method::GET, "/api/v1/auth/validate", &headers, "")
        .await
        .refuses(401, "token_missing");
    let basic = format!("Basic {token}");
    let headers = [("authorization", basic.as_str())];
    anon.send_raw(http::Method::GET, "/api/v1/auth/validate", &headers, "")
        .await
        .refuses(401, "token_missing");
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("authorization", bearer.as_str()),
    ];
    anon.send_raw(http::Method::GET, "/api/v1/auth/validate", &headers, "")
        .await
        .refuses(400, "malformed_request");
    let answer = anon.validate().await;
    assert!(
        !answer.header("www-authenticate").contains("error="),
        "RFC 6750 § 3.1"
    );
}

#[tokio::test]
async fn e29_no_part_of_a_token_is_a_token() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let token = ada.access.clone().unwrap();
    ada.validate().await.is(200);
    for end in 1..token.len() {
        app.anon()
            .with_access(&token[..end])
            .validate()
            .await
            .refuses(401, "token_invalid");
    }
    for at in (0..token.len()).step_by(3) {
        let mut altered = token.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        app.anon()
            .with_access(&altered)
            .validate()
            .await
            .refuses(401, "token_invalid");
    }
    for altered in [
        format!("{token}="),
        format!("{token}."),
        format!("{token}A"),
        format!(".{token}"),
        token.replace('.', ".."),
    ] {
        app.anon()
            .with_access(&altered)
            .validate()
            .await
            .refuses(401, "token_invalid");
    }
    ada.validate().await.is(200);
}

#[tokio::test]
async fn e01_e03_forged_headers_are_refused() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let token = ada.access.clone().unwrap();
    let (header, rest) = token.split_once('.').unwrap();
    let kid =
        serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()["kid"]
            .clone();
    for header in [
        json!({ "alg": "none", "typ": "at+jwt", "kid": kid }),
        json!({ "alg": "HS256", "typ": "at+jwt", "kid": kid }),
        json!({ "alg": "ES256", "typ": "JWT", "kid": kid }),
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": "../../etc/passwd" }),
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": "' OR 1=1 --" }),
        json!({ "alg": "ES256", "typ": "at+jwt" }),
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid, "crit": ["x"], "x": 1 }),
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid, "zip": "DEF" }),
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid, "jwk": { "kty": "EC" } }),
    ] {
        let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()));
        app.anon()
            .with_access(&forged)
            .validate()
            .await
            .refuses(401, "token_invalid");
    }
    let unsigned = format!("{header}.{}.", rest.split('.').next().unwrap());
    app.anon()
        .with_access(&unsigned)
        .validate()
        .await
        .refuses(401, "token_invalid");
}

#[tokio::test]
async fn e18_a_token_of_one_kind_is_never_taken_for_another() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let admin = app.admin().await;
    let setup = offer_set_up(&TestApp::new().await.auth)
        .await
        .unwrap()
        .unwrap();
    let list = admin.get("/api/v1/users?limit=1").await.json();
    let access = ada.access.clone().unwrap();
    let cursor = list["nextCursor"].as_str().unwrap();

    for other in [ada.refresh.as_str(), setup.expose(), cursor] {
        app.anon()
            .with_access(other)
            .validate()
            .await
            .refuses(401, "token_invalid");
    }
    for other in [access.as_str(), setup.expose(), cursor] {
        let answer = app
            .anon()
            .post("/api/v1/auth/refresh", json!({ "refreshToken": other }))
            .await;
        answer.refuses(401, "refresh_token_invalid");
    }
    for other in [access.as_str(), ada.refresh.as_str(), setup.expose()] {
        let answer = admin
            .get(&format!("/api/v1/users?limit=1&cursor={other}"))
            .await;
        answer.refuses_field("/cursor", "invalid_cursor");
    }
    for other in [access.as_str(), ada.refresh.as_str(), cursor] {
        assert_eq!(
            app.anon()
                .get(&format!("/setup?token={other}"))
                .await
                .status,
            410
        );
    }
    let app2 = TestApp::new().await;
    app2.account("ada", Role::User).await;
    app2.anon()
        .with_access(&access)
        .validate()
        .await
        .refuses(401, "token_invalid");
}

#[tokio::test]
async fn e27_suspended_and_deleted_accounts_hold_no_token() {
    let app = TestApp::new().await;
    let suspend = Measure::Suspend {
        until: None,
        reason: None,
    };
    for (name, measure) in [("suspended", suspend), ("deleted", Measure::Delete)] {
        let holder = app.user(name).await;
        holder.validate().await.is(200);
        manage(&app, &holder, measure).await;
        holder.validate().await.refuses(401, "token_revoked");
        holder
            .get("/api/v1/users/me")
            .await
            .refuses(401, "token_revoked");
        holder.refresh().await.refuses(401, "refresh_token_invalid");
        holder
            .post_empty("/api/v1/auth/logout")
            .await
            .refuses(401, "token_revoked");
    }
}

#[tokio::test]
async fn acc10_a_suspension_lifts_by_itself() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let admin = app.admin().await;
    let path = format!("/api/v1/users/{}/suspend", ada.id());
    let body = json!({ "until": "2026-01-01T00:30:00+00:00", "reason": "Spam." });
    let user = admin.post(&path, body).await.is(200).json();
    assert_eq!(
        (&user["isActive"], &user["suspendedUntil"]),
        (&json!(false), &json!("2026-01-01T00:30:00.000Z"))
    );
    let login = json!({ "email": "ada@example.com", "password": PASSWORD });
    app.clock
        .advance(Duration::from_mins(30) - Duration::from_millis(1));
    app.anon()
        .post("/api/v1/auth/login", login.clone())
        .await
        .refuses(401, "invalid_credentials");
    app.clock.advance(Duration::from_millis(1));
    let user = app
        .anon()
        .post("/api/v1/auth/login", login)
        .await
        .is(200)
        .json()["user"]
        .clone();
    assert_eq!(
        (&user["isActive"], &user["suspendedUntil"]),
        (&json!(true), &Value::Null)
    );
    // What ended with the suspension stays ended.
    ada.validate().await.refuses(401, "token_revoked");
}

#[tokio::test]
async fn tok9_a_change_of_role_is_in_force_at_once_and_the_session_goes_on() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let admin = app.admin().await;
    admin.get("/api/v1/users").await.is(200);
    let path = format!("/api/v1/users/{}/role", admin.id());
    root.patch(&path, json!({ "role": "user" })).await.is(200);
    admin
        .get("/api/v1/users")
        .await
        .refuses(401, "token_revoked");
    let demoted = admin.refreshed().await;
    assert_eq!(demoted.validate().await.is(200).json()["role"], "user");
    demoted.get("/api/v1/users").await.refuses(403, "forbidden");
}

#[tokio::test]
async fn tok3_after_a_leak_no_key_from_before_is_accepted_and_nobody_is_signed_out() {
    let app = TestApp::new().await;
    let before = app.user("ada").await;
    before.validate().await.is(200);
    flow::rotate_keys(&app.auth, true).await.unwrap();
    let between = app.anon().sign_in("ada@example.com", PASSWORD).await;
    flow::replace_keys(&app.auth).await.unwrap();
    for old in [&before, &between] {
        old.validate().await.refuses(401, "token_invalid");
        old.refreshed().await.validate().await.is(200);
    }
    let jwks = app.anon().get("/.well-known/jwks.json").await;
    assert_eq!(jwks.is(200).json()["keys"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn tok3_tokens_outlive_a_rotation_of_keys() {
    let app = TestApp::new().await;
    let before = app.user("ada").await;
    flow::rotate_keys(&app.auth, true).await.unwrap();
    let after = app.anon().sign_in("ada@example.com", PASSWORD).await;
    before.validate().await.is(200);
    after.validate().await.is(200);
    let jwks = app.anon().get("/.well-known/jwks.json").await;
    let keys = jwks.is(200).json()["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 3, "retired, current, next");
    assert!(
        keys.iter()
            .all(|key| key.get("d").is_none() && key.get("k").is_none()),
        "{keys:?}"
    );
    assert_eq!(jwks.header("cache-control"), "public, max-age=900");
    let headers = [("if-none-match", jwks.header("etag"))];
    let again = app
        .anon()
        .send_raw(http::Method::GET, "/.well-known/jwks.json", &headers, "")
        .await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
}

#[tokio::test]
async fn tok8_validation_asks_no_store_and_goes_on_without_one() {
    let switch = Switch::over(fresh().await);
    let app = TestApp::builder().store(switch.clone()).build().await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    bob.post_empty("/api/v1/auth/logout").await.is(204);
    let asked = switch.asked();
    switch.off();
    for _ in 0..100 {
        ada.validate().await.is(200);
        bob.validate().await.refuses(401, "token_revoked");
    }
    app.anon().get("/.well-known/jwks.json").await.is(200);
    assert_eq!(switch.asked(), asked);
}
