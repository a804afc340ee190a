//! Limits per caller (PRO-1), by a clock that stands still.

use std::num::NonZeroU32;
use std::time::Duration;

use serde_json::json;

use crate::app::{Answer, TestApp};

async fn limited() -> TestApp {
    TestApp::builder()
        .settings(|settings| {
            settings.rate_limits.enabled = true;
            settings.rate_limits.guest = NonZeroU32::new(3).unwrap();
            settings.rate_limits.user = NonZeroU32::new(6).unwrap();
            settings.rate_limits.login = NonZeroU32::new(2).unwrap();
        })
        .build()
        .await
}

const OPEN: &str = "/api/v1/auth/permissions";

fn is_limited(answer: &Answer, policy: &str) {
    answer.refuses(429, "rate_limited");
    assert!(
        answer
            .header("ratelimit")
            .starts_with(&format!("\"{policy}\";r=0;t="))
    );
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
}

#[tokio::test]
async fn pro1_guests_are_counted_by_address_and_told_what_is_left() {
    let app = limited().await;
    let guest = app.anon();
    for left in [2, 1, 0] {
        let answer = guest.get(OPEN).await;
        assert_eq!(
            answer.is(200).header("ratelimit-policy"),
            "\"guest\";q=3;w=60"
        );
        assert!(
            answer
                .header("ratelimit")
                .starts_with(&format!("\"guest\";r={left};t=")),
            "{}",
            answer.header("ratelimit")
        );
    }
    let refused = guest.get(OPEN).await;
    is_limited(&refused, "guest");
    assert_eq!(refused.header("retry-after"), "20");
    guest.clone().at("198.51.100.2").get(OPEN).await.is(200);
    app.clock.advance(Duration::from_secs(19));
    is_limited(&guest.get(OPEN).await, "guest");
    app.clock.advance(Duration::from_secs(1));
    guest.get(OPEN).await.is(200);
    is_limited(&guest.get(OPEN).await, "guest");
}

#[tokio::test]
async fn e21_addresses_of_one_ipv6_subscriber_are_one_caller() {
    let app = limited().await;
    for address in ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:1"] {
        app.anon().at(address).get(OPEN).await.is(200);
    }
    is_limited(&app.anon().at("2001:db8::7").get(OPEN).await, "guest");
    app.anon().at("2001:db8:0:1::7").get(OPEN).await.is(200);
    for address in ["192.0.2.9", "::ffff:192.0.2.9", "192.0.2.9"] {
        app.anon().at(address).get(OPEN).await.is(200);
    }
    is_limited(&app.anon().at("::ffff:192.0.2.9").get(OPEN).await, "guest");
}

#[tokio::test]
async fn pro1_users_are_counted_by_account_wherever_they_are() {
    let app = limited().await;
    let ada = app.user("ada").await;
    for address in 1..=6 {
        let answer = ada
            .clone()
            .at(&format!("203.0.113.{address}"))
            .get("/api/v1/users/me")
            .await;
        assert_eq!(
            answer.is(200).header("ratelimit-policy"),
            "\"user\";q=6;w=60"
        );
    }
    is_limited(&ada.get("/api/v1/users/me").await, "user");
    app.user("bob").await.get("/api/v1/users/me").await.is(200);
}

#[tokio::test]
async fn pro1_a_token_that_is_not_good_buys_nothing() {
    let app = limited().await;
    for _ in 0..3 {
        app.anon()
            .with_access("forged")
            .get("/api/v1/users/me")
            .await
            .refuses(401, "token_invalid");
    }
    is_limited(
        &app.anon()
            .with_access("forged")
            .get("/api/v1/users/me")
            .await,
        "guest",
    );
}

#[tokio::test]
async fn pro1_signing_in_has_a_limit_of_its_own() {
    let app = limited().await;
    let guest = app.anon();
    let attempt = json!({ "email": "nobody@example.com", "password": "Wrong-Password-1" });
    for _ in 0..2 {
        guest
            .post("/api/v1/auth/login", attempt.clone())
            .await
            .refuses(401, "invalid_credentials");
    }
    is_limited(&guest.post("/api/v1/auth/login", attempt).await, "login");
    guest.get(OPEN).await.is(200);
}

#[tokio::test]
async fn pro1_validation_keys_and_health_are_never_limited() {
    let app = limited().await;
    let ada = app.user("ada").await;
    for path in [
        "/api/v1/auth/validate",
        "/.well-known/jwks.json",
        "/health",
        "/health/live",
        "/health/ready",
    ] {
        for _ in 0..20 {
            let answer = ada.get(path).await;
            assert!(!answer.is(200).headers.contains_key("ratelimit"), "{path}");
        }
    }
}

#[tokio::test]
async fn pro1_people_behind_one_address_can_refresh_and_sign_out() {
    let app = TestApp::builder()
        .settings(|settings| settings.rate_limits.refresh = NonZeroU32::new(40).unwrap())
        .settings(|settings| {
            settings.rate_limits.enabled = true;
            settings.rate_limits.guest = NonZeroU32::new(1).unwrap();
            settings.rate_limits.login = NonZeroU32::new(100).unwrap();
        })
        .build()
        .await;
    let mut ada = app.user("ada").await;
    app.anon().get(OPEN).await.is(200);
    is_limited(&app.anon().get(OPEN).await, "guest");
    for _ in 0..39 {
        ada.access = None;
        ada = ada.refreshed().await;
    }
    let answer = ada.post_empty("/api/v1/auth/logout").await;
    assert!(
        answer
            .is(204)
            .header("ratelimit")
            .starts_with("\"refresh\";r=0")
    );
    is_limited(&ada.refresh().await, "refresh");
}

#[tokio::test]
async fn pro1_what_is_asked_by_everybody_has_a_limit_that_only_floods_meet() {
    let app = TestApp::builder()
        .settings(|settings| {
            settings.rate_limits.enabled = true;
            settings.rate_limits.open = NonZeroU32::new(5).unwrap();
        })
        .build()
        .await;
    for number in 0..5 {
        let flood = app.anon().at(&format!("2001:db8::{number}"));
        flood.get("/.well-known/jwks.json").await.is(200);
    }
    let refused = app.anon().at("2001:db8::9").get("/health/live").await;
    refused.refuses(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "12");
    app.anon().get("/health/live").await.is(200);
}
