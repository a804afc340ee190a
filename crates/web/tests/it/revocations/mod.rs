//! Revocations for services that validate tokens by themselves, and nodes that do not learn of them (TOK-9, TOK-10).

mod list;
mod node;
mod stream;

use ntt_auth_web::FeedToken;
use serde_json::{Value, json};

use crate::app::{Principal, TestApp};

const FEED: &str = "/api/v1/revocations";
const STREAM: &str = "/api/v1/revocations/stream";
const TOKEN: &str = "a-secret-of-a-service-which-nobody-guesses";

/// An installation with a token for services.
async fn installation() -> TestApp {
    TestApp::builder()
        .settings(|settings| settings.feed.token = Some(FeedToken::new(TOKEN)))
        .build()
        .await
}

/// A service that follows.
fn service(app: &TestApp) -> Principal {
    app.anon().with_access(TOKEN)
}

/// Somebody who has just signed out.
async fn gone(app: &TestApp, name: &str) -> Principal {
    let user = app.user(name).await;
    user.post_empty("/api/v1/auth/logout").await.is(204);
    user
}

/// How the end of a session is told.
fn end_of(user: &Principal) -> Value {
    json!({
        "kind": "session",
        "sessionId": user.session().to_string(),
        // An hour, and twice the leeway of five seconds.
        "expiresAt": "2026-01-01T01:00:10.000Z",
    })
}

#[tokio::test]
async fn tok10_services_with_the_token_and_administrators_follow_and_nobody_else() {
    let app = installation().await;
    let ada = app.user("ada").await;
    let moderator = app.moderator().await;
    let (admin, root) = (app.admin().await, app.super_admin().await);
    for path in [FEED, STREAM] {
        app.anon().get(path).await.refuses(401, "token_missing");
        for wrong in [
            &TOKEN[1..],
            &TOKEN.to_uppercase(),
            &format!("{TOKEN}x"),
            "x",
        ] {
            let stranger = app.anon().with_access(wrong);
            stranger.get(path).await.refuses(401, "token_invalid");
        }
        let in_address = format!("{path}?token={TOKEN}");
        app.anon()
            .get(&in_address)
            .await
            .refuses(401, "token_missing");
        for nosy in [&ada, &moderator] {
            nosy.get(path).await.refuses(403, "forbidden");
        }
        for reader in [&service(&app), &admin, &root] {
            reader.get(path).await.is(200);
        }
    }
    let path = format!(
        "/api/v1/audit-events?kind=access_denied&actorId={}",
        ada.id()
    );
    let denied = root.get(&path).await.is(200).json();
    assert_eq!(denied["items"].as_array().unwrap().len(), 2, "{denied}");
    // The token of services opens nothing else.
    service(&app)
        .get("/api/v1/users/me")
        .await
        .refuses(401, "token_invalid");
}

#[tokio::test]
async fn tok10_without_a_configured_token_there_is_none() {
    let app = TestApp::new().await;
    service(&app).get(FEED).await.refuses(401, "token_invalid");
    app.admin().await.get(FEED).await.is(200);
}
