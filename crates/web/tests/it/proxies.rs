//! From where a request comes, and what is limited by it (PRO-1, PRO-3, E-20, E-21).

use std::num::NonZeroU32;
use std::time::Duration;

use http::Method;
use ntt_auth_core::model::{EventKind, Role};
use ntt_auth_web::ForwardedHeader;
use serde_json::json;

use crate::app::{Answer, PASSWORD, Principal, TestApp};

const LOGIN: &str = "/api/v1/auth/login";

async fn behind_proxies(trusted: &[&str]) -> TestApp {
    let trusted = trusted
        .iter()
        .map(|network| network.parse().unwrap())
        .collect();
    TestApp::builder()
        .settings(|settings| settings.trusted_proxies = trusted)
        .build()
        .await
}

#[tokio::test]
async fn pro3_e20_v4_1_3_of_two_headers_the_one_that_proxies_write_is_read_alone() {
    let proxy = || vec!["10.0.0.1/32".parse().unwrap()];
    let written = ("x-forwarded-for", "203.0.113.9");
    let standard = ("forwarded", "for=192.0.2.60;proto=https");
    for (header, both, alone) in [
        (ForwardedHeader::XForwardedFor, "203.0.113.9", standard),
        (ForwardedHeader::Forwarded, "192.0.2.60", written),
    ] {
        let app = TestApp::builder()
            .settings(|settings| {
                settings.trusted_proxies = proxy();
                settings.forwarded_header = header;
            })
            .build()
            .await;
        for headers in [[written, standard], [standard, written]] {
            assert_eq!(noted(&app, "10.0.0.1", &headers).await, both);
        }
        // The other one came from the client.
        assert_eq!(noted(&app, "10.0.0.1", &[alone]).await, "10.0.0.1");
    }
}

/// The address under which a failed sign-in from `peer` with these headers is written down.
async fn noted(app: &TestApp, peer: &str, headers: &[(&str, &str)]) -> String {
    let name = format!("u{}", app.accounts().await);
    let user = app.account(&name, Role::User).await;
    let body =
        json!({ "email": user.email.as_str(), "password": "Not-the-password-1" }).to_string();
    let mut all = vec![("content-type", "application/json")];
    all.extend(headers);
    let answer = app
        .anon()
        .at(peer)
        .send_raw(Method::POST, LOGIN, &all, body)
        .await;
    answer.refuses(401, "invalid_credentials");
    let events = app.events(user.id).await;
    let event = events
        .iter()
        .find(|event| event.kind == EventKind::SignInFailed)
        .unwrap();
    event.ip_address.unwrap().to_string()
}

#[tokio::test]
async fn pro3_e20_what_strangers_say_of_their_address_is_not_believed() {
    let app = TestApp::new().await;
    for headers in [
        [("x-forwarded-for", "203.0.113.9")],
        [("forwarded", "for=203.0.113.9")],
        [("x-real-ip", "203.0.113.9")],
        [("true-client-ip", "203.0.113.9")],
        [("cf-connecting-ip", "203.0.113.9")],
        [("x-forwarded-for", "127.0.0.1")],
        [("x-forwarded-for", "nonsense")],
    ] {
        assert_eq!(
            noted(&app, "198.51.100.7", &headers).await,
            "198.51.100.7",
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn pro3_behind_trusted_proxies_the_rightmost_stranger_counts() {
    let app = behind_proxies(&["10.0.0.0/8", "2001:db8:f::/48"]).await;
    for (peer, headers, expected) in [
        (
            "10.0.0.1",
            vec![("x-forwarded-for", "203.0.113.9")],
            "203.0.113.9",
        ),
        (
            "10.0.0.1",
            vec![("x-forwarded-for", "1.1.1.1, 203.0.113.9")],
            "203.0.113.9",
        ),
        (
            "10.0.0.1",
            vec![("x-forwarded-for", "1.1.1.1, 203.0.113.9, 10.2.3.4")],
            "203.0.113.9",
        ),
        (
            "10.0.0.1",
            vec![
                ("x-forwarded-for", "1.1.1.1"),
                ("x-forwarded-for", "203.0.113.9"),
            ],
            "203.0.113.9",
        ),
        (
            "10.0.0.1",
            vec![("x-forwarded-for", "203.0.113.9, nonsense")],
            "10.0.0.1",
        ),
        (
            "10.0.0.1",
            vec![("x-forwarded-for", "203.0.113.9, , 10.1.1.1")],
            "10.1.1.1",
        ),
        (
            "10.0.0.1",
            vec![("x-forwarded-for", "10.1.1.1, 10.2.2.2")],
            "10.1.1.1",
        ),
        (
            "10.0.0.1",
            vec![("x-forwarded-for", "::ffff:203.0.113.9")],
            "203.0.113.9",
        ),
        (
            "::ffff:10.0.0.1",
            vec![("x-forwarded-for", "203.0.113.9")],
            "203.0.113.9",
        ),
        (
            "2001:db8:f::1",
            vec![("x-forwarded-for", "203.0.113.9")],
            "203.0.113.9",
        ),
        (
            "203.0.113.1",
            vec![("x-forwarded-for", "10.0.0.1")],
            "203.0.113.1",
        ),
        ("::ffff:203.0.113.1", vec![], "203.0.113.1"),
    ] {
        assert_eq!(
            noted(&app, peer, &headers).await,
            expected,
            "{peer} {headers:?}"
        );
    }
}

#[tokio::test]
async fn a_long_user_agent_is_cut_and_bytes_are_made_readable() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let long = app
        .anon()
        .with_agent(&"x".repeat(5000))
        .sign_in("ada@example.com", PASSWORD)
        .await;
    let list = ada.get("/api/v1/auth/sessions").await.json();
    let agent = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["sessionId"] == long.session().to_string())
        .unwrap();
    assert_eq!(agent["userAgent"].as_str().unwrap().len(), 512);
}

async fn limited() -> TestApp {
    TestApp::builder()
        .settings(|settings| {
            settings.rate_limits.enabled = true;
            settings.rate_limits.login = NonZeroU32::new(3).unwrap();
            settings.rate_limits.register = NonZeroU32::new(2).unwrap();
        })
        .build()
        .await
}

async fn attempt(from: &Principal, headers: &[(&str, &str)]) -> Answer {
    let body = json!({ "email": "nobody@example.com", "password": "x" }).to_string();
    let mut all = vec![("content-type", "application/json")];
    all.extend(headers);
    from.send_raw(Method::POST, LOGIN, &all, body).await
}

#[tokio::test]
async fn e21_nobody_gets_a_fresh_limit_by_naming_another_address() {
    let app = limited().await;
    let stranger = app.anon().at("198.51.100.7");
    for count in 0..3 {
        let forwarded = format!("203.0.113.{count}");
        let answer = attempt(
            &stranger,
            &[("x-forwarded-for", &forwarded), ("x-real-ip", &forwarded)],
        )
        .await;
        answer.refuses(401, "invalid_credentials");
        assert_eq!(answer.header("ratelimit-policy"), "\"login\";q=3;w=60");
        assert!(
            answer
                .header("ratelimit")
                .starts_with(&format!("\"login\";r={};t=", 2 - count))
        );
    }
    let answer = attempt(&stranger, &[("x-forwarded-for", "203.0.113.77")]).await;
    answer.refuses(429, "rate_limited");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    // The same address in its IPv4-mapped spelling.
    attempt(&app.anon().at("::ffff:198.51.100.7"), &[])
        .await
        .refuses(429, "rate_limited");
    attempt(&app.anon().at("198.51.100.8"), &[])
        .await
        .refuses(401, "invalid_credentials");
    app.clock.advance(Duration::from_secs(wait));
    attempt(&stranger, &[])
        .await
        .refuses(401, "invalid_credentials");
}

#[tokio::test]
async fn e21_a_whole_ipv6_network_is_one_caller() {
    let app = limited().await;
    for host in 1..=3 {
        attempt(&app.anon().at(&format!("2001:db8:1:2::{host}")), &[])
            .await
            .refuses(401, "invalid_credentials");
    }
    attempt(&app.anon().at("2001:db8:1:2:ffff::9"), &[])
        .await
        .refuses(429, "rate_limited");
    attempt(&app.anon().at("2001:db8:1:3::1"), &[])
        .await
        .refuses(401, "invalid_credentials");
}

#[tokio::test]
async fn pro1_who_is_signed_in_has_a_limit_of_their_own() {
    let app = limited().await;
    let (ada, bob) = (
        app.signed_in("ada", Role::User).await,
        app.signed_in("bob", Role::User).await,
    );
    for _ in 0..100 {
        ada.get("/api/v1/users/me").await.is(200);
    }
    let answer = ada.at("203.0.113.200").get("/api/v1/users/me").await;
    answer.refuses(429, "rate_limited");
    assert!(answer.header("ratelimit-policy").contains("q=100"));
    bob.get("/api/v1/users/me").await.is(200);
    // Validation is outside of all limits.
    for _ in 0..150 {
        bob.validate().await.is(200);
    }
    for _ in 0..10 {
        app.anon()
            .at("203.0.113.201")
            .get("/api/v1/auth/permissions")
            .await
            .is(200);
    }
    app.anon()
        .at("203.0.113.201")
        .get("/api/v1/auth/permissions")
        .await
        .refuses(429, "rate_limited");
}
