//! Moving time, for those who test against an installation.

use std::time::Duration;

use serde_json::json;

use crate::app::{DESK, TestApp};

const CLOCK: &str = "/api/v1/test/clock";

#[tokio::test]
async fn time_passes_on_demand() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let desk = app.anon().at(DESK);
    let before = desk.get(CLOCK).await.is(200).json();
    assert_eq!(before["aheadSeconds"], 0);
    ada.validate().await.is(200);
    for advance in ["2h", "P1D", "3 days 30 min"] {
        desk.post(CLOCK, json!({ "advance": advance }))
            .await
            .is(200);
    }
    let after = desk.get(CLOCK).await.is(200).json();
    assert_eq!(after["aheadSeconds"], (2 + 24 + 72) * 3600 + 1800);
    ada.validate().await.refuses(401, "token_expired");
}

#[tokio::test]
async fn a_journey_is_forward_and_bounded() {
    let app = TestApp::new().await;
    let desk = app.anon().at(DESK);
    for (body, field, code) in [
        (json!({}), "/advance", "invalid_duration"),
        (json!({ "advance": "soon" }), "/advance", "invalid_duration"),
        (
            json!({ "advance": "-1 day" }),
            "/advance",
            "invalid_duration",
        ),
        (json!({ "advance": "0s" }), "/advance", "too_short"),
        (json!({ "advance": "4000 days" }), "/advance", "too_long"),
        (
            json!({ "advance": "1 day", "step": "later" }),
            "/step",
            "invalid_duration",
        ),
        (
            json!({ "advance": "1 day", "step": "1s" }),
            "/step",
            "too_short",
        ),
    ] {
        desk.post(CLOCK, body).await.refuses_field(field, code);
    }
    assert_eq!(app.clock.ahead(), Duration::ZERO);
}

#[tokio::test]
async fn v13_4_2_the_routes_are_absent_for_everybody_else() {
    let app = TestApp::new().await;
    let desk = app.anon().at(DESK);
    let body = json!({ "advance": "1 day" });
    // Not even an administrator at another address.
    let root = app.super_admin().await;
    root.get(CLOCK).await.refuses(404, "not_found");
    root.post(CLOCK, body.clone())
        .await
        .refuses(404, "not_found");
    // Behind a proxy everybody comes from the proxy's address.
    for header in ["x-forwarded-for", "forwarded"] {
        let headers = [
            ("content-type", "application/json"),
            (header, "for=127.0.0.1"),
        ];
        let answer = desk
            .send_raw(http::Method::POST, CLOCK, &headers, body.to_string())
            .await;
        answer.refuses(404, "not_found");
    }
    // A page of somebody else's, which the browser at the desk has open, or whose name resolves to this machine.
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("host", "rebound.example"),
    ] {
        for (path, kind, body) in [
            (CLOCK, "application/json", body.to_string()),
            ("/api/v1/test/reset", "text/plain", String::new()),
        ] {
            let headers = [("content-type", kind), (name, value)];
            let answer = desk
                .send_raw(http::Method::POST, path, &headers, body)
                .await;
            answer.refuses(404, "not_found");
        }
    }
    for rebound in [CLOCK, "/api/v1/outbox"] {
        let headers = [("host", "rebound.example")];
        let answer = desk
            .send_raw(http::Method::GET, rebound, &headers, "")
            .await;
        answer.refuses(404, "not_found");
    }
    // Where the profile has no reset.
    desk.post_empty("/api/v1/test/reset")
        .await
        .refuses(404, "not_found");
    assert_eq!(app.clock.ahead(), Duration::ZERO);
}
