//! What the server tells of itself: health, metrics, public keys, documents (OPS-4, OPS-6).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::stream;
use http::Method;
use ntt_auth_core::flow::{follow, rotate_keys};
use ntt_auth_core::model::Role;
use ntt_auth_core::password::{Hasher, HasherError, Plain, Verdict};
use ntt_auth_core::secret::PasswordHash;
use ntt_auth_web::MetricsAccess;
use serde_json::json;

use crate::app::{Switch, TestApp, fresh};

#[tokio::test]
async fn health_tells_that_the_server_is_up_and_when() {
    let app = TestApp::new().await;
    for path in ["/health", "/health/live", "/health/ready"] {
        let body = app.anon().get(path).await.is(200).json();
        assert_eq!(
            body,
            json!({
                "status": "ok", "timestamp": "2026-01-01T00:00:00.000Z", "version": env!("CARGO_PKG_VERSION"),
            })
        );
    }
}

#[tokio::test]
async fn without_its_store_the_server_is_alive_but_not_ready() {
    let switch = Switch::over(fresh().await);
    let app = TestApp::builder().store(switch.clone()).build().await;
    let admin = app.admin().await;
    let moderator = app.moderator().await;
    switch.off();
    let anon = app.anon();
    anon.get("/health/live").await.is(200);
    assert_eq!(anon.get("/health").await.is(200).json()["status"], "down");
    assert_eq!(
        anon.get("/health/ready").await.is(503).json()["status"],
        "down"
    );
    let store = async |who: &crate::app::Principal| {
        let body = who.get("/health/detailed").await.is(200).json();
        body["components"]
            .as_array()
            .unwrap()
            .iter()
            .find(|part| part["name"] == "store")
            .unwrap()
            .clone()
    };
    assert_eq!(store(&anon).await["status"], "down");
    assert!(store(&anon).await["latencyMs"].is_number());
    for nosy in [&anon, &moderator] {
        assert!(store(nosy).await.get("cause").is_none());
    }
    assert!(store(&admin).await["cause"].is_string());
}

#[tokio::test]
async fn a_node_that_no_longer_follows_revocations_says_so() {
    let app = TestApp::new().await;
    app.clock.advance(Duration::from_secs(6));
    assert_eq!(app.anon().get("/health").await.json()["status"], "degraded");
    app.clock.advance(Duration::from_mins(2));
    assert_eq!(
        app.anon().get("/health/detailed").await.json()["status"],
        "down"
    );
    follow(&app.auth).await.unwrap();
    assert_eq!(app.anon().get("/health").await.json()["status"], "ok");
}

#[tokio::test]
async fn detailed_health_refuses_a_token_that_is_not_good() {
    let app = TestApp::new().await;
    app.anon()
        .with_access("forged")
        .get("/health/detailed")
        .await
        .refuses(401, "token_invalid");
}

#[tokio::test]
async fn metrics_are_for_who_holds_their_token() {
    let off = TestApp::new().await;
    off.super_admin()
        .await
        .get("/metrics")
        .await
        .refuses(404, "not_found");

    let app = TestApp::builder()
        .settings(|settings| {
            settings.metrics = MetricsAccess::Token("scrape-me-if-you-can".to_owned());
        })
        .build()
        .await;
    app.anon()
        .get("/metrics")
        .await
        .refuses(401, "token_missing");
    app.super_admin()
        .await
        .get("/metrics")
        .await
        .refuses(401, "token_invalid");
    app.anon()
        .get("/metrics?token=scrape-me-if-you-can")
        .await
        .refuses(401, "token_missing");
    app.user("ada").await.validate().await.is(200);
    let scraper = app.anon().with_access("scrape-me-if-you-can");
    let answer = scraper.get("/metrics").await;
    assert!(
        answer
            .is(200)
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    let text = answer.text();
    for series in [
        "ntt_auth_http_requests_total{method=\"GET\",route=\"/metrics\",status=\"4xx\"} 3",
        "ntt_auth_http_request_duration_seconds_count{route=\"/api/v1/auth/login\"} 2",
        "ntt_auth_hashing_refused_total 0",
        "ntt_auth_verified_tokens 1",
        "ntt_auth_revocations 0",
        "ntt_auth_revocations_latest 0",
        "ntt_auth_revocations_age_seconds 0.0",
        "ntt_auth_revocation_streams 0",
        "ntt_auth_store_up 1",
    ] {
        assert!(text.contains(series), "{series} is not in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
    // A metrics token opens nothing else.
    scraper
        .get("/api/v1/users/me")
        .await
        .refuses(401, "token_invalid");
}

#[tokio::test]
async fn e47_made_up_addresses_make_no_series() {
    let app = TestApp::builder()
        .settings(|settings| {
            settings.metrics = MetricsAccess::Token("scrape-me-if-you-can".to_owned());
        })
        .build()
        .await;
    let anon = app.anon();
    let scraper = anon.clone().with_access("scrape-me-if-you-can");
    let series = async || {
        scraper
            .get("/metrics")
            .await
            .text()
            .lines()
            .filter(|line| !line.starts_with('#'))
            .count()
    };
    let ask = async |from: usize, to: usize| {
        for index in from..to {
            anon.get(&format!("/nowhere/{index}"))
                .await
                .refuses(404, "not_found");
            anon.get(&format!("/api/v1/users/{index}"))
                .await
                .refuses(401, "token_missing");
            anon.get(&format!("/docs/errors/{index}"))
                .await
                .refuses(404, "not_found");
            let method = Method::from_bytes(format!("M{index}").as_bytes()).unwrap();
            anon.send(method, "/health", None)
                .await
                .refuses(405, "method_not_allowed");
        }
    };
    ask(0, 1).await;
    scraper.get("/metrics").await.is(200);
    let few = series().await;
    ask(1, 500).await;
    assert_eq!(series().await, few);
}

#[tokio::test]
async fn tok2_public_keys_are_told_with_how_long_they_hold() {
    let app = TestApp::new().await;
    let answer = app.anon().get("/.well-known/jwks.json").await;
    assert_eq!(
        answer.is(200).header("cache-control"),
        "public, max-age=900"
    );
    assert_eq!(answer.header("content-type"), "application/jwk-set+json");
    assert_eq!(
        answer.header("cross-origin-resource-policy"),
        "cross-origin"
    );
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    assert!(
        keys.iter()
            .all(|key| key["kty"] == "EC" && key.get("d").is_none()),
        "{keys:?}"
    );

    let tag = answer.header("etag").to_owned();
    for names in [
        tag.clone(),
        format!("W/{tag}"),
        format!("\"x\", {tag}"),
        "*".to_owned(),
    ] {
        let headers = [("if-none-match", names.as_str())];
        let again = app
            .anon()
            .send_raw(Method::GET, "/.well-known/jwks.json", &headers, "")
            .await;
        assert!(again.is(304).body.is_empty());
        assert_eq!(again.header("etag"), tag);
    }
    rotate_keys(&app.auth, true).await.unwrap();
    let headers = [("if-none-match", tag.as_str())];
    let rotated = app
        .anon()
        .send_raw(Method::GET, "/.well-known/jwks.json", &headers, "")
        .await;
    assert_ne!(rotated.is(200).json()["keys"], json!(keys));
}

#[tokio::test]
async fn ops6_documents_need_nothing_from_outside() {
    let app = TestApp::new().await;
    let anon = app.anon();
    let page = anon.get("/docs").await;
    let text = page.is(200).text();
    for (_, rest) in text
        .match_indices("src=\"")
        .chain(text.match_indices("href=\""))
        .map(|(at, _)| text.split_at(at))
    {
        let address = rest.split('"').nth(1).unwrap();
        assert!(address.starts_with("./"), "{address}");
        let found = anon.get(&address[1..]).await;
        assert!(!found.is(200).body.is_empty(), "{address}");
        assert_ne!(found.header("cache-control"), "no-store", "{address}");
    }
    anon.get("/docs/assets/oauth2-redirect.html")
        .await
        .refuses(404, "not_found");
    anon.get("/docs/assets/..%2fCargo.toml")
        .await
        .refuses(404, "not_found");

    let home = anon.get("/").await;
    let text = home.is(200).text();
    for (at, _) in text.match_indices("href=\"./") {
        let address = text[at..].split('"').nth(1).unwrap();
        anon.get(&address[1..]).await.is(200);
    }
}

#[tokio::test]
async fn every_error_code_has_a_page() {
    let app = TestApp::new().await;
    for code in ntt_auth_web::problem::ProblemCode::ALL {
        let page = app
            .anon()
            .get(&format!("/docs/errors/{}", code.as_str()))
            .await;
        let text = page.is(200).text();
        assert!(
            text.contains(code.title()) && text.contains("<h2>What to do</h2>"),
            "{text}"
        );
        assert!(text.contains("../../assets/page.css"));
    }
    app.anon()
        .get("/docs/errors/nothing")
        .await
        .refuses(404, "not_found");
}

/// A hasher that panics, as no hasher should.
pub(crate) struct Panics;

#[async_trait::async_trait]
impl Hasher for Panics {
    async fn hash(&self, _: Plain) -> Result<PasswordHash, HasherError> {
        panic!("the hasher's secret is out")
    }

    async fn verify(&self, _: Plain, _: Option<PasswordHash>) -> Result<Verdict, HasherError> {
        panic!("the hasher's secret is out")
    }
}

#[tokio::test]
async fn a_panic_is_answered_and_tells_nothing() {
    let app = TestApp::builder().hasher(Arc::new(Panics)).build().await;
    let answer = app
        .anon()
        .post(
            "/api/v1/auth/login",
            json!({ "email": "a@example.com", "password": "x" }),
        )
        .await;
    answer.refuses(500, "internal");
    assert!(!answer.text().contains("secret"));
    app.anon().get("/health").await.is(200);
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_looked_at() {
    let app = TestApp::new().await;
    let anon = app.anon();
    anon.get(&format!("/api/v1/users?q={}", "a".repeat(9000)))
        .await
        .refuses(414, "uri_too_long");
    let value = "a".repeat(8000);
    let headers: Vec<(&str, &str)> = ["x-a", "x-b", "x-c", "x-d", "x-e"]
        .into_iter()
        .map(|name| (name, value.as_str()))
        .collect();
    anon.send_raw(Method::GET, "/health", &headers, "")
        .await
        .refuses(431, "header_too_large");
    let body = format!("{{\"email\":\"{}\"}}", "a".repeat(70_000));
    anon.post_bytes("/api/v1/auth/login", body)
        .await
        .refuses(413, "payload_too_large");
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let app = TestApp::builder()
        .settings(|settings| settings.body_deadline = Duration::from_millis(10))
        .build()
        .await;
    let headers = [("content-type", "application/json")];
    let dripping = Body::from_stream(stream::unfold((), |()| async {
        std::future::pending::<()>().await;
        Some((Ok::<_, Infallible>(Bytes::new()), ()))
    }));
    let answer = app
        .anon()
        .send_raw(Method::POST, "/api/v1/auth/login", &headers, dripping)
        .await;
    answer.refuses(408, "timeout");
    let broken = Body::from_stream(stream::iter([Err::<Bytes, _>(std::io::Error::other(
        "gone",
    ))]));
    let answer = app
        .anon()
        .send_raw(Method::POST, "/api/v1/auth/login", &headers, broken)
        .await;
    answer.refuses(400, "malformed_request");
}

#[tokio::test]
async fn tokens_in_addresses_are_never_read() {
    let app = TestApp::new().await;
    let root = app.signed_in("root", Role::SuperAdmin).await;
    let token = root.access.clone().unwrap();
    app.anon()
        .get(&format!("/api/v1/auth/validate?access_token={token}"))
        .await
        .refuses(401, "token_missing");
    app.anon()
        .get(&format!("/health/detailed?access_token={token}"))
        .await
        .is(200);
}
