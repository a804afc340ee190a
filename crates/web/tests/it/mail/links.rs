//! What holds for every link.

use ntt_auth_core::model::Letter;
use serde_json::json;

use super::{
    CHANGE_EMAIL, CONFIRM, FORGOT, NEW, RESET, VERIFY, follow, forgotten, registered, reset,
    token_of,
};
use crate::app::{PASSWORD, PUBLIC_URL, TestApp, link};

#[tokio::test]
async fn e18_a_token_of_one_kind_is_never_taken_for_another() {
    let app = TestApp::new().await;
    let verify = registered(&app, "ada").await;
    let ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
    let recover = forgotten(&app, "ada").await;
    let body = json!({ "newEmail": "lovelace@example.com", "currentPassword": PASSWORD });
    ada.post(CHANGE_EMAIL, body).await.is(202);
    let confirm = token_of(&app, "confirm-email-change", "lovelace").await;
    app.anon()
        .at("203.0.113.9")
        .sign_in("ada@example.com", PASSWORD)
        .await;
    let not_me = token_of(&app, "new-device", "ada").await;
    let setup = ntt_auth_core::flow::offer_set_up(&app.auth).await.unwrap();
    let mut tokens = vec![
        (VERIFY, verify.clone()),
        (RESET, recover.clone()),
        (CONFIRM, confirm.clone()),
        ("/not-me", not_me.clone()),
        ("/api/v1/auth/refresh", ada.refresh.clone()),
        ("bearer", ada.access.clone().unwrap()),
        ("/setup", setup.unwrap().expose().to_owned()),
    ];
    // The same secret with the prefix of another kind.
    for prefix in [
        "ntt_ve_", "ntt_rp_", "ntt_ce_", "ntt_nm_", "ntt_rt_", "ntt_su_",
    ] {
        tokens.push(("none", format!("{prefix}{}", &recover[7..])));
    }
    for (own, token) in &tokens {
        for path in [VERIFY, CONFIRM] {
            if *own != path && *token != verify && *token != confirm && *token != recover {
                follow(&app, path, token)
                    .await
                    .refuses_field("/token", "invalid_link");
            }
        }
        if *own != RESET && *token != recover {
            reset(&app, token, NEW)
                .await
                .refuses_field("/token", "invalid_link");
        }
        if *own != "/api/v1/auth/refresh" {
            app.anon()
                .post("/api/v1/auth/refresh", json!({ "refreshToken": token }))
                .await
                .refuses(401, "refresh_token_invalid");
        }
        if *own != "bearer" {
            app.anon()
                .with_access(token)
                .validate()
                .await
                .refuses(401, "token_invalid");
        }
        if *own != "/setup" {
            let status = app.anon().get(&format!("/setup?token={token}")).await;
            assert_eq!(status.status, 410);
        }
    }
    for (path, token) in [
        (VERIFY, &recover),
        (VERIFY, &confirm),
        (CONFIRM, &verify),
        (CONFIRM, &recover),
    ] {
        follow(&app, path, token)
            .await
            .refuses_field("/token", "invalid_link");
    }
    // Each still does what it is for.
    follow(&app, VERIFY, &verify).await.is(204);
    reset(&app, &recover, NEW).await.is(204);
}

#[tokio::test]
async fn e29_every_prefix_and_every_flipped_bit_of_a_token_is_refused() {
    let app = TestApp::new().await;
    let token = registered(&app, "ada").await;
    for end in 0..token.len() {
        follow(&app, VERIFY, &token[..end])
            .await
            .refuses_field("/token", "invalid_link");
    }
    for index in 0..token.len() {
        for bit in 0..7 {
            let mut bytes = token.as_bytes().to_vec();
            bytes[index] ^= 1 << bit;
            let altered = String::from_utf8(bytes).unwrap();
            follow(&app, VERIFY, &altered)
                .await
                .refuses_field("/token", "invalid_link");
        }
    }
    for altered in [
        format!("{token} "),
        format!(" {token}"),
        token.to_uppercase(),
    ] {
        follow(&app, VERIFY, &altered)
            .await
            .refuses_field("/token", "invalid_link");
    }
    follow(&app, VERIFY, &token).await.is(204);
}

#[tokio::test]
async fn e32_links_begin_with_the_configured_address_whatever_a_request_says() {
    let proxy = "198.51.100.1/32".parse().unwrap();
    let app = TestApp::builder()
        .settings(|settings| settings.trusted_proxies = vec![proxy])
        .build()
        .await;
    let spoofed = [
        ("content-type", "application/json"),
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-prefix", "/evil"),
        ("x-original-host", "evil.example"),
        ("forwarded", "host=evil.example;proto=http"),
        ("origin", "https://evil.example"),
        ("referer", "https://evil.example/"),
    ];
    let post = async |path: &str, body: serde_json::Value| {
        app.anon()
            .send_raw(http::Method::POST, path, &spoofed, body.to_string())
            .await
    };
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    post("/api/v1/auth/register", body).await.is(201);
    post(FORGOT, json!({ "email": "ada@example.com" }))
        .await
        .is(202);
    let mails = app.mails().await;
    assert_eq!(mails.len(), 2);
    for mail in &mails {
        let (link, token) = link(&mail.letter);
        let page = match mail.letter {
            Letter::VerifyEmail { .. } => "verify-email",
            _ => "reset-password",
        };
        assert_eq!(link, format!("{PUBLIC_URL}/{page}?token={token}"));
    }
}

#[tokio::test]
async fn tok6_nothing_that_opens_anything_is_in_the_store_in_plain() {
    use crate::app::sqlite;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let url = format!("sqlite:{}", path.display());
    let app = TestApp::builder().store(sqlite(&url).await).build().await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    app.anon().post("/api/v1/auth/register", body).await.is(201);
    let ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
    app.anon()
        .post(FORGOT, json!({ "email": "ada@example.com" }))
        .await
        .is(202);
    let body = json!({ "newEmail": "zzz.marker@example.com", "currentPassword": PASSWORD });
    ada.post(CHANGE_EMAIL, body).await.is(202);
    let read = || {
        let mut all = Vec::new();
        for file in std::fs::read_dir(folder.path()).unwrap() {
            all.extend(std::fs::read(file.unwrap().path()).unwrap());
        }
        all
    };
    let before = read();
    let mails = app.mails().await;
    assert_eq!(mails.len(), 3);
    let after = read();
    let holds = |bytes: &[u8], text: &str| {
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    for mail in &mails {
        let token = link(&mail.letter).1;
        for bytes in [&before, &after] {
            assert!(!holds(bytes, token), "{}", mail.letter.name());
            assert!(!holds(bytes, &token[7..token.len() - 8]));
        }
    }
    for bytes in [&before, &after] {
        assert!(!holds(bytes, "zzz.marker"));
        assert!(
            holds(bytes, "ada@example.com"),
            "the test sees what is there"
        );
    }
}
