//! Listing and ending single sessions (TOK-7).

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};

const SESSIONS: &str = "/api/v1/auth/sessions";

#[tokio::test]
async fn tok7_the_list_shows_device_address_last_use_and_the_present_one() {
    let app = TestApp::new().await;
    let phone = app.user("ada").await;
    app.clock.advance(Duration::from_mins(1));
    let body =
        json!({ "email": "ada@example.com", "password": PASSWORD, "deviceName": "Ada's laptop" });
    let laptop = app.anon().with_agent("Laptop/2").at("2001:db8::7");
    let laptop = laptop.holding(&laptop.post("/api/v1/auth/login", body).await.is(200).json());
    app.clock.advance(Duration::from_mins(1));
    let phone = phone.at("203.0.113.9").refreshed().await;

    let list = phone.get(SESSIONS).await.is(200).json();
    assert_eq!(
        list,
        json!({
            "items": [
                {
                    "sessionId": phone.session().to_string(),
                    "createdAt": "2026-01-01T00:00:00.000Z",
                    "lastUsedAt": "2026-01-01T00:02:00.000Z",
                    "expiresAt": "2026-01-08T00:02:00.000Z",
                    "deviceName": null,
                    "userAgent": "tests/1",
                    "ipAddress": "203.0.113.9",
                    "current": true,
                },
                {
                    "sessionId": laptop.session().to_string(),
                    "createdAt": "2026-01-01T00:01:00.000Z",
                    "lastUsedAt": "2026-01-01T00:01:00.000Z",
                    "expiresAt": "2026-01-08T00:01:00.000Z",
                    "deviceName": "Ada's laptop",
                    "userAgent": "Laptop/2",
                    "ipAddress": "2001:db8::7",
                    "current": false,
                },
            ],
            "nextCursor": null,
        })
    );
    // The device keeps its name through refreshes.
    let list = laptop.refreshed().await.get(SESSIONS).await.json();
    assert_eq!(list["items"][0]["deviceName"], "Ada's laptop");
}

#[tokio::test]
async fn tok7_one_session_is_ended_and_the_others_go_on() {
    let app = TestApp::new().await;
    let phone = app.user("ada").await;
    let laptop = app.anon().sign_in("ada@example.com", PASSWORD).await;
    phone
        .delete(&format!("{SESSIONS}/{}", laptop.session()))
        .await
        .is(204);
    laptop.validate().await.refuses(401, "token_revoked");
    laptop.refresh().await.refuses(401, "refresh_token_invalid");
    phone.validate().await.is(200);
    assert_eq!(
        phone.get(SESSIONS).await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    phone
        .delete(&format!("{SESSIONS}/{}", laptop.session()))
        .await
        .refuses(404, "not_found");
    phone
        .delete(&format!("{SESSIONS}/{}", phone.session()))
        .await
        .is(204);
    phone.validate().await.refuses(401, "token_revoked");
}

#[tokio::test]
async fn what_is_no_id_of_a_session_is_not_found() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    for id in [
        "1",
        "x",
        "%00",
        "..%2f..",
        "NOT-A-UUID",
        "0199A6F2-7C3E-7B1D-9F52-3D1C2B4A5E6F",
    ] {
        ada.delete(&format!("{SESSIONS}/{id}"))
            .await
            .refuses(404, "not_found");
    }
    let upper = ada.session().to_string().to_uppercase();
    ada.delete(&format!("{SESSIONS}/{upper}"))
        .await
        .refuses(404, "not_found");
    ada.validate().await.is(200);
}

#[tokio::test]
async fn ended_and_expired_sessions_are_not_listed() {
    let app = TestApp::new().await;
    let phone = app.user("ada").await;
    app.clock.advance(Duration::from_hours(6 * 24));
    let laptop = app.anon().sign_in("ada@example.com", PASSWORD).await;
    app.clock.advance(Duration::from_hours(24));
    let laptop = laptop.refreshed().await;
    let list = laptop.get(SESSIONS).await.json();
    let ids: Vec<&Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["sessionId"])
        .collect();
    assert_eq!(ids, [&json!(laptop.session().to_string())]);
    phone.refresh().await.refuses(401, "refresh_token_expired");
}
