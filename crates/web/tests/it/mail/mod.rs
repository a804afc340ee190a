//! What is told by mail, what its links do, and the jobs that send it.

mod change_email;
mod device;
mod jobs;
mod links;
mod pages;
mod reset;
mod strangers;
mod unverified;
mod verify;

use std::time::Duration;

use ntt_auth_core::model::{EventKind, UserId};
use serde_json::json;

use crate::app::{Answer, PASSWORD, TestApp, link};

const VERIFY: &str = "/api/v1/auth/verify-email";
const RESEND: &str = "/api/v1/auth/resend-verification";
const FORGOT: &str = "/api/v1/auth/forgot-password";
const RESET: &str = "/api/v1/auth/reset-password";
const CHANGE_EMAIL: &str = "/api/v1/auth/change-email";
const CONFIRM: &str = "/api/v1/auth/confirm-email-change";
const NEW: &str = "Difference-Engine-1822";

/// Longer than the shortest time between two mails to one person.
const A_WHILE: Duration = Duration::from_secs(61);

/// Registers `NAME@example.com` and gives the token of the verification mail.
pub(crate) async fn registered(app: &TestApp, name: &str) -> String {
    let body = json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
    app.anon().post("/api/v1/auth/register", body).await.is(201);
    token_of(app, "verify-email", name).await
}

/// Asks for a new password and gives the token of the mail.
pub(crate) async fn forgotten(app: &TestApp, name: &str) -> String {
    let body = json!({ "email": format!("{name}@example.com") });
    app.anon().post(FORGOT, body).await.is(202);
    token_of(app, "reset-password", name).await
}

/// The token in the one mail that was sent, which is of this name and to this address.
async fn token_of(app: &TestApp, letter: &str, name: &str) -> String {
    let mail = app.mail().await;
    assert_eq!(mail.letter.name(), letter);
    assert_eq!(mail.to.as_str(), format!("{name}@example.com"));
    link(&mail.letter).1.to_owned()
}

async fn follow(app: &TestApp, path: &str, token: &str) -> Answer {
    app.anon().post(path, json!({ "token": token })).await
}

async fn reset(app: &TestApp, token: &str, password: &str) -> Answer {
    let body = json!({ "token": token, "newPassword": password });
    app.anon().post(RESET, body).await
}

async fn kinds(app: &TestApp, user: UserId) -> Vec<EventKind> {
    let events = app.events(user).await;
    events.into_iter().map(|event| event.kind).collect()
}

/// The names of the letters that were sent, in order.
async fn letters(app: &TestApp) -> Vec<(String, String)> {
    let mails = app.mails().await;
    mails
        .into_iter()
        .map(|mail| (mail.letter.name().to_owned(), mail.to.as_str().to_owned()))
        .collect()
}
