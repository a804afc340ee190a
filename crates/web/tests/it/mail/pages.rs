//! The pages behind the links: usable without JavaScript, in the reader's language, and leaking nothing.

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::{CHANGE_EMAIL, FORGOT, NEW, forgotten, letters, registered, reset, token_of};
use crate::app::{Answer, PASSWORD, Principal, TestApp};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn submit(app: &TestApp, path: &str, form: &str) -> Answer {
    app.anon()
        .send_raw(Method::POST, path, &[FORM], form.to_owned())
        .await
}

async fn read(app: &TestApp, path: &str, language: &str) -> Answer {
    let headers = [("accept-language", language)];
    app.anon()
        .send_raw(Method::GET, path, &headers, String::new())
        .await
}

/// A page that nothing leaves.
fn keeps_to_itself(page: &Answer) {
    let policy = match page.text().contains("<form") {
        true => "strict-origin",
        false => "no-referrer",
    };
    assert_eq!(page.header("referrer-policy"), policy);
    assert!(
        page.header("cache-control").contains("no-store"),
        "{:?}",
        page.headers
    );
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let text = page.text();
    assert!(!text.contains("<script"), "{text}");
    for mark in ["src=", "href=", "action="] {
        for address in text.split(mark).skip(1) {
            assert!(address.starts_with("\"./"), "{mark}{address:.40}");
        }
    }
    assert!(
        !text.contains("http://") && !text.contains("https://"),
        "{text}"
    );
}

#[tokio::test]
async fn v3_5_3_following_a_link_changes_nothing_and_its_button_does_what_the_mail_says() {
    let app = TestApp::new().await;
    let token = registered(&app, "ada").await;
    let ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
    let path = format!("/verify-email?token={token}&utm_source=mail");
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let page = app.anon().send_raw(method, &path, &[], "").await;
        assert_eq!(page.status, 200);
    }
    let page = app.anon().get(&path).await;
    keeps_to_itself(&page);
    assert!(page.text().contains(&format!("value=\"{token}\"")));
    assert!(app.stored(ada.id()).await.email_verified_at.is_none());
    for _ in 0..2 {
        let done = submit(&app, "/verify-email", &format!("token={token}")).await;
        assert_eq!(done.status, 200);
        keeps_to_itself(&done);
        assert!(!done.text().contains(&token));
    }
    assert!(app.stored(ada.id()).await.email_verified_at.is_some());
    let closed = submit(&app, "/verify-email", "token=x").await;
    assert_eq!(closed.status, 410);
    keeps_to_itself(&closed);
}

#[tokio::test]
async fn acc6_a_password_is_forgotten_and_chosen_anew_by_forms() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    let page = app.anon().get("/forgot-password").await;
    assert_eq!(page.status, 200);
    keeps_to_itself(&page);
    let again = submit(&app, "/forgot-password", "email=ada%22%3E").await;
    assert_eq!(again.status, 422);
    keeps_to_itself(&again);
    assert!(
        again.text().contains("value=\"ada&quot;&gt;\""),
        "{}",
        again.text()
    );
    let known = submit(&app, "/forgot-password", "email=ada%40example.com").await;
    let unknown = submit(&app, "/forgot-password", "email=nobody%40example.com").await;
    assert_eq!(
        (known.status, known.text()),
        (unknown.status, unknown.text())
    );
    assert_eq!(known.status, 202);
    let token = token_of(&app, "reset-password", "ada").await;
    let path = format!("/reset-password?token={token}");
    let page = app.anon().get(&path).await;
    assert_eq!(page.status, 200);
    keeps_to_itself(&page);
    assert!(page.text().contains("8 to 128 characters"));
    let refused = submit(
        &app,
        "/reset-password",
        &format!("token={token}&newPassword=short%22"),
    )
    .await;
    assert_eq!(refused.status, 422);
    keeps_to_itself(&refused);
    // What was typed is not in the page, the token is: nothing is lost.
    assert!(!refused.text().contains("short"));
    assert!(refused.text().contains(&format!("value=\"{token}\"")));
    assert!(
        refused
            .text()
            .contains("A password has at least 8 characters.")
    );
    let done = submit(
        &app,
        "/reset-password",
        &format!("token={token}&newPassword={NEW}"),
    )
    .await;
    assert_eq!(done.status, 200);
    app.anon().sign_in("ada@example.com", NEW).await;
    let closed = app.anon().get(&path).await;
    assert_eq!(closed.status, 410);
    assert!(closed.text().contains("\"./forgot-password\""));
    keeps_to_itself(&closed);
}

#[tokio::test]
async fn acc8_a_change_of_address_is_confirmed_by_a_button() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    let ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
    let body = json!({ "newEmail": "lovelace@example.com", "currentPassword": PASSWORD });
    ada.post(CHANGE_EMAIL, body).await.is(202);
    let token = token_of(&app, "confirm-email-change", "lovelace").await;
    let page = app
        .anon()
        .get(&format!("/confirm-email-change?token={token}"))
        .await;
    assert_eq!(page.status, 200);
    keeps_to_itself(&page);
    assert_eq!(app.stored(ada.id()).await.email.as_str(), "ada@example.com");
    let done = submit(&app, "/confirm-email-change", &format!("token={token}")).await;
    assert_eq!(done.status, 200);
    assert_eq!(
        app.stored(ada.id()).await.email.as_str(),
        "lovelace@example.com"
    );
}

#[tokio::test]
async fn this_was_not_me_ends_every_session_at_once_and_leads_to_a_new_password() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    let ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
    let thief = app.anon().at("203.0.113.9").with_agent("curl/8");
    let thief = thief.sign_in("ada@example.com", PASSWORD).await;
    let token = token_of(&app, "new-device", "ada").await;
    let page = app.anon().get(&format!("/not-me?token={token}")).await;
    assert_eq!(page.status, 200);
    keeps_to_itself(&page);
    thief.validate().await.is(200);
    let form = submit(&app, "/not-me", &format!("token={token}")).await;
    assert_eq!(form.status, 200);
    keeps_to_itself(&form);
    // The clock has not moved.
    thief.validate().await.refuses(401, "token_revoked");
    thief.refresh().await.refuses(401, "refresh_token_invalid");
    ada.validate().await.refuses(401, "token_revoked");
    let reset = reset_in(&form).unwrap();
    let again = submit(&app, "/not-me", &format!("token={token}")).await;
    assert_eq!(again.status, 410, "it works once");
    let done = submit(
        &app,
        "/reset-password",
        &format!("token={reset}&newPassword={NEW}"),
    )
    .await;
    assert_eq!(done.status, 200);
    app.anon().sign_in("ada@example.com", NEW).await;
}

/// The token in a form that chooses a new password.
fn reset_in(page: &Answer) -> Option<String> {
    let text = page.text();
    let rest = text.split("value=\"ntt_rp_").nth(1)?;
    Some(format!("ntt_rp_{}", rest.split('"').next()?))
}

/// Ada's own session, that of somebody who knows her password, and the token of the mail that tells of it.
async fn robbed(app: &TestApp) -> (Principal, Principal, String) {
    registered(app, "ada").await;
    let ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
    let thief = app.anon().at("203.0.113.9").with_agent("curl/8");
    let thief = thief.sign_in("ada@example.com", PASSWORD).await;
    let token = token_of(app, "new-device", "ada").await;
    app.clock.advance(Duration::from_millis(1));
    (ada, thief, token)
}

#[tokio::test]
async fn what_this_was_not_me_leads_to_is_good_for_no_longer_than_any_reset() {
    let app = TestApp::new().await;
    let (_, thief, token) = robbed(&app).await;
    // What the thief asked for is over, too.
    let body = json!({ "newEmail": "thief@example.com", "currentPassword": PASSWORD });
    thief.post(CHANGE_EMAIL, body).await.is(202);
    let moving = token_of(&app, "confirm-email-change", "thief").await;
    app.clock.advance(Duration::from_hours(1));
    let form = submit(&app, "/not-me", &format!("token={token}")).await;
    let token = reset_in(&form).unwrap();
    let moved = submit(&app, "/confirm-email-change", &format!("token={moving}")).await;
    assert_eq!(moved.status, 410);
    app.clock.advance(Duration::from_mins(30));
    reset(&app, &token, NEW)
        .await
        .refuses_field("/token", "invalid_link");
}

#[tokio::test]
async fn this_was_not_me_gives_no_password_after_another_was_chosen() {
    let change = async |session: &Principal| {
        let body = json!({ "currentPassword": PASSWORD, "newPassword": NEW });
        session
            .post("/api/v1/auth/change-password", body)
            .await
            .is(204);
    };
    // Changed by its owner, which ended the other session: nothing is left to do.
    let app = TestApp::new().await;
    let (ada, _, token) = robbed(&app).await;
    change(&ada).await;
    let late = submit(&app, "/not-me", &format!("token={token}")).await;
    assert_eq!(late.status, 410);
    ada.validate().await.is(200);
    // Reset.
    let app = TestApp::new().await;
    let (_, _, token) = robbed(&app).await;
    let recovery = forgotten(&app, "ada").await;
    reset(&app, &recovery, NEW).await.is(204);
    let ada = app.anon().sign_in("ada@example.com", NEW).await;
    let late = submit(&app, "/not-me", &format!("token={token}")).await;
    assert_eq!(late.status, 410);
    ada.validate().await.is(200);
    // Changed by whoever it was: all their sessions end, and a new password is asked for by mail.
    let app = TestApp::new().await;
    let (_, thief, token) = robbed(&app).await;
    change(&thief).await;
    let second = app.anon().sign_in("ada@example.com", NEW).await;
    let page = submit(&app, "/not-me", &format!("token={token}")).await;
    assert_eq!((page.status.as_u16(), reset_in(&page)), (200, None));
    assert!(page.text().contains("/forgot-password"));
    keeps_to_itself(&page);
    for session in [&thief, &second] {
        session.validate().await.refuses(401, "token_revoked");
    }
}

#[tokio::test]
async fn a_notice_that_was_sent_to_an_old_address_still_ends_the_session_and_no_more() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    let ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
    let other = app.anon().at("203.0.113.9").with_agent("curl/8");
    let other = other.sign_in("ada@example.com", PASSWORD).await;
    let notice = token_of(&app, "new-device", "ada").await;
    let body = json!({ "newEmail": "lovelace@example.com", "currentPassword": PASSWORD });
    ada.post(CHANGE_EMAIL, body).await.is(202);
    let token = token_of(&app, "confirm-email-change", "lovelace").await;
    submit(&app, "/confirm-email-change", &format!("token={token}")).await;
    let done = submit(&app, "/not-me", &format!("token={notice}")).await;
    assert_eq!(done.status, 200);
    assert!(!done.text().contains("ntt_rp_"));
    other.refresh().await.refuses(401, "refresh_token_invalid");
    ada.refreshed().await;
}

#[tokio::test]
async fn pages_are_in_the_readers_language() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    let token = forgotten(&app, "ada").await;
    for path in [
        "/verify-email?token=x".to_owned(),
        "/confirm-email-change?token=x".to_owned(),
        "/not-me?token=x".to_owned(),
        "/forgot-password".to_owned(),
        format!("/reset-password?token={token}"),
        "/reset-password?token=x".to_owned(),
    ] {
        let english = read(&app, &path, "fr, en;q=0.5").await;
        let japanese = read(&app, &path, "ja-JP, en;q=0.5").await;
        assert!(english.text().contains("<html lang=\"en\">"), "{path}");
        assert!(japanese.text().contains("<html lang=\"ja\">"), "{path}");
        let kana = |text: &str| text.chars().any(|c| ('ぁ'..='ヿ').contains(&c));
        assert!(!kana(&english.text()), "{path}");
        assert!(kana(&japanese.text()), "{path}");
        for page in [english, japanese] {
            let vary: Vec<_> = page.headers.get_all("vary").iter().collect();
            assert!(vary.iter().any(|it| *it == "accept-language"), "{path}");
        }
    }
    let form = format!("token={token}&newPassword=short");
    let refused = app
        .anon()
        .send_raw(
            Method::POST,
            "/reset-password",
            &[FORM, ("accept-language", "ja")],
            form,
        )
        .await;
    assert!(
        refused.text().contains("短すぎます。"),
        "{}",
        refused.text()
    );
    assert!(!refused.text().contains("A password has"));
}

#[tokio::test]
async fn e42_a_form_without_its_token_does_nothing() {
    let app = TestApp::new().await;
    registered(&app, "ada").await;
    for path in ["/verify-email", "/confirm-email-change", "/not-me"] {
        assert_eq!(submit(&app, path, "").await.status, 410, "{path}");
        let extra = submit(&app, path, "token=x&email=ada%40example.com").await;
        assert_eq!(extra.status, 422, "{path}");
    }
    let form = format!("newPassword={NEW}");
    assert_eq!(submit(&app, "/reset-password", &form).await.status, 410);
    app.anon().sign_in("ada@example.com", PASSWORD).await;
}

#[tokio::test]
async fn asking_for_mail_is_limited_by_address_but_reading_the_form_is_not() {
    let app = TestApp::builder()
        .settings(|settings| {
            settings.rate_limits.enabled = true;
        })
        .build()
        .await;
    for _ in 0..5 {
        assert_eq!(app.anon().get("/forgot-password").await.status, 200);
    }
    for _ in 0..3 {
        let body = json!({ "email": "ada@example.com" });
        let answer = app.anon().post(FORGOT, body).await;
        answer.is(202);
        assert!(
            answer
                .header("ratelimit-policy")
                .starts_with("\"mail\";q=3")
        );
    }
    let form = submit(&app, "/forgot-password", "email=ada%40example.com").await;
    assert_eq!(form.status, 429);
    let other = app.anon().at("203.0.113.9");
    let body = json!({ "email": "ada@example.com" });
    other.post(FORGOT, body).await.is(202);
    assert_eq!(letters(&app).await, []);
}
