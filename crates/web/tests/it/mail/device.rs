//! The notice about a new device.

use ntt_auth_core::model::Letter;
use serde_json::json;

use super::{A_WHILE, letters, registered};
use crate::app::{PASSWORD, TestApp};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

#[tokio::test]
async fn a_sign_in_from_a_new_device_is_told_with_where_and_what() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    app.anon().sign_in("ada@example.com", PASSWORD).await;
    assert_eq!(letters(&app).await, [], "the first is its owner's");
    app.anon().sign_in("ada@example.com", PASSWORD).await;
    assert_eq!(
        letters(&app).await,
        [],
        "the same program at the same place"
    );
    let stranger = app.anon().at("203.0.113.9").with_agent(FIREFOX);
    stranger.sign_in("ada@example.com", PASSWORD).await;
    let mail = app.mail().await;
    assert_eq!(mail.to.as_str(), "ada@example.com");
    let Letter::NewDevice {
        ip_address, device, ..
    } = mail.letter
    else {
        panic!("{mail:?}");
    };
    assert_eq!(ip_address, Some("203.0.113.9".parse().unwrap()));
    assert_eq!(device.as_deref(), Some("Firefox on Linux"));
    app.clock.advance(A_WHILE);
    stranger.sign_in("ada@example.com", PASSWORD).await;
    assert_eq!(letters(&app).await, [], "it is not new any more");
}

#[tokio::test]
async fn a_device_that_shows_its_token_is_not_new_wherever_it_is() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    let login = async |address: &str, device: Option<&str>| {
        let mut body = json!({ "email": "ada@example.com", "password": PASSWORD });
        if let Some(device) = device {
            body["deviceToken"] = json!(device);
        }
        let answer = app
            .anon()
            .at(address)
            .post("/api/v1/auth/login", body)
            .await;
        answer.is(200).json()["deviceToken"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let device = login("203.0.113.9", None).await;
    login("203.0.113.10", Some(&device)).await;
    assert_eq!(letters(&app).await, []);
    login("203.0.113.11", None).await;
    assert_eq!(letters(&app).await.len(), 1);
}
