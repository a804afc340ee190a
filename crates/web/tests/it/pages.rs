//! What holds for every page with a form: whose pages may send it, how it refuses, and how it is read.

use std::num::NonZeroU32;
use std::sync::Arc;

use http::Method;
use ntt_auth_core::flow::offer_set_up;
use ntt_auth_core::password::HasherError;

use crate::app::{Answer, Failing, OPERATIONS, PUBLIC_URL, Principal, Switch, TestApp, fresh};
use crate::mail::{forgotten, registered};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// The pages with a form.
fn forms() -> Vec<&'static str> {
    let forms: Vec<&str> = OPERATIONS
        .iter()
        .filter(|operation| operation.method == Method::POST && !operation.path.starts_with("/api"))
        .map(|operation| operation.path.as_str())
        .collect();
    assert!(forms.len() >= 6, "{forms:?}");
    forms
}

async fn submit(who: &Principal, path: &str, headers: &[(&str, &str)]) -> Answer {
    let headers: Vec<(&str, &str)> = [FORM].into_iter().chain(headers.iter().copied()).collect();
    who.send_raw(Method::POST, path, &headers, String::new())
        .await
}

/// Whether it is a page in a language.
fn is_page(answer: &Answer, status: u16, language: &str, name: &str) {
    assert_eq!(answer.status, status, "{name}: {}", answer.text());
    assert_eq!(
        answer.header("content-type"),
        "text/html; charset=utf-8",
        "{name}"
    );
    let text = answer.text();
    assert!(
        text.contains(&format!("<html lang=\"{language}\">")),
        "{name}: {text}"
    );
    assert!(!text.contains("<script"), "{name}: {text}");
    assert!(answer.header("vary").contains("accept-language"), "{name}");
    assert_eq!(answer.header("cache-control"), "no-store", "{name}");
}

#[tokio::test]
async fn e42_v3_5_1_no_form_is_taken_from_a_page_of_another_origin() {
    let app = TestApp::new().await;
    for path in forms() {
        for foreign in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[
                ("sec-fetch-site", "cross-site"),
                ("host", "auth.example.com"),
            ],
            &[
                ("origin", "https://auth.example.com.evil.example"),
                ("host", "auth.example.com"),
            ],
        ] {
            let name = format!("{path} {foreign:?}");
            let refused = submit(&app.anon(), path, foreign).await;
            is_page(&refused, 403, "en", &name);
            assert!(
                refused.text().contains("This form came from elsewhere"),
                "{name}"
            );
        }
        for ours in [
            &[][..],
            &[("origin", PUBLIC_URL)],
            &[("sec-fetch-site", "same-origin"), ("origin", "null")],
            &[("sec-fetch-site", "none")],
            // Over plain http, and under a name of one's own for this machine.
            &[
                ("origin", "http://intranet:8080"),
                ("host", "intranet:8080"),
            ],
        ] {
            let taken = submit(&app.anon(), path, ours).await;
            assert_ne!(taken.status, 403, "{path} {ours:?}: {}", taken.text());
        }
    }
    assert!(app.mails().await.is_empty());
}

#[tokio::test]
async fn v3_4_5_a_page_with_a_form_names_its_origin_and_nothing_else_of_its_address() {
    let app = TestApp::new().await;
    let token = offer_set_up(&app.auth).await.unwrap().unwrap();
    for path in [
        "/verify-email?token=x",
        "/forgot-password",
        &format!("/setup?token={}", token.expose()),
    ] {
        let page = app.anon().get(path).await;
        assert!(page.is(200).text().contains("<form"));
        assert_eq!(page.header("referrer-policy"), "strict-origin", "{path}");
    }
    for path in ["/", "/setup?token=x", "/docs", "/api/v1/auth/permissions"] {
        let answer = app.anon().get(path).await;
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
    }
}

#[tokio::test]
async fn pro1_whoever_opens_pages_too_often_is_told_by_a_page() {
    for (language, title) in [
        ("en", "Too many requests"),
        ("ja", "リクエストが多すぎます"),
    ] {
        let app = TestApp::builder()
            .settings(|settings| {
                settings.rate_limits.enabled = true;
                settings.rate_limits.guest = NonZeroU32::MIN;
                settings.rate_limits.mail = NonZeroU32::MIN;
            })
            .build()
            .await;
        let guest = app.anon();
        let accept = [("accept-language", language)];
        let read = async || {
            guest
                .send_raw(Method::GET, "/forgot-password", &accept, "")
                .await
        };
        read().await.is(200);
        submit(&guest, "/forgot-password", &accept).await;
        for (refused, policy) in [
            (read().await, "guest"),
            (submit(&guest, "/forgot-password", &accept).await, "mail"),
        ] {
            is_page(&refused, 429, language, policy);
            assert!(refused.text().contains(title), "{}", refused.text());
            let seconds = refused.header("retry-after");
            assert!(seconds.parse::<u64>().unwrap() >= 1);
            assert!(refused.text().contains(seconds), "{}", refused.text());
            assert!(
                refused
                    .header("ratelimit")
                    .starts_with(&format!("\"{policy}\";r=0;t="))
            );
            assert!(!refused.header("ratelimit-policy").is_empty());
        }
        // Programs are told as ever.
        guest
            .get("/api/v1/auth/permissions")
            .await
            .refuses(429, "rate_limited");
    }
}

#[tokio::test]
async fn a_form_that_cannot_be_taken_right_now_is_refused_by_a_page() {
    let store = Switch::over(fresh().await);
    let app = TestApp::builder().store(store.clone()).build().await;
    registered(&app, "ada").await;
    let token = forgotten(&app, "ada").await;
    store.off();
    for (language, title) in [
        ("en", "Not possible right now"),
        ("ja", "現在ご利用いただけません"),
    ] {
        let headers = [("accept-language", language)];
        let path = format!("/reset-password?token={token}");
        let refused = app.anon().send_raw(Method::GET, &path, &headers, "").await;
        is_page(&refused, 503, language, &path);
        assert!(refused.text().contains(title), "{}", refused.text());
        assert!(!refused.header("retry-after").is_empty());
    }
    store.on();
    let busy = HasherError::Overloaded {
        retry_after_secs: 7,
    };
    let app = TestApp::builder()
        .hasher(Arc::new(Failing(busy)))
        .build()
        .await;
    let token = offer_set_up(&app.auth).await.unwrap().unwrap();
    let body = format!(
        "token={}&email=ada%40example.com&password=Analytical-Engine-1843",
        token.expose()
    );
    let refused = app
        .anon()
        .send_raw(Method::POST, "/setup", &[FORM], body)
        .await;
    is_page(&refused, 503, "en", "/setup");
    assert_eq!(refused.header("retry-after"), "7");
    assert!(
        refused.text().contains("Wait 7 seconds"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn v6_2_6_v6_2_7_fields_for_passwords_say_so_to_password_managers() {
    let app = TestApp::new().await;
    let token = offer_set_up(&app.auth).await.unwrap().unwrap();
    let set_up = app
        .anon()
        .get(&format!("/setup?token={}", token.expose()))
        .await;
    registered(&app, "ada").await;
    let reset = forgotten(&app, "ada").await;
    let reset = app
        .anon()
        .get(&format!("/reset-password?token={reset}"))
        .await;
    for (page, name) in [(set_up, "password"), (reset, "newPassword")] {
        let text = page.is(200).text();
        let mark = format!("name=\"{name}\"");
        let field = text.lines().find(|line| line.contains(&mark)).unwrap();
        assert!(field.contains("type=\"password\""), "{field}");
        assert!(field.contains("autocomplete=\"new-password\""), "{field}");
        for forbidden in ["onpaste", "maxlength", "readonly", "autocomplete=\"off\""] {
            assert!(!field.contains(forbidden), "{field}");
        }
    }
}

#[tokio::test]
async fn files_of_swagger_ui_come_compressed() {
    let app = TestApp::new().await;
    for file in ["swagger-ui.css", "swagger-ui-bundle.js"] {
        let answer = app.anon().get(&format!("/docs/assets/{file}")).await;
        let answer = answer.is(200);
        assert_eq!(answer.header("content-encoding"), "gzip", "{file}");
        assert_eq!(answer.body[..2], [0x1f, 0x8b], "{file}");
    }
}

#[tokio::test]
async fn v4_1_1_text_says_its_character_set() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/errors/not_found", "text/html; charset=utf-8"),
        ("/forgot-password", "text/html; charset=utf-8"),
        ("/verify-email?token=x", "text/html; charset=utf-8"),
        ("/reset-password?token=x", "text/html; charset=utf-8"),
        ("/setup?token=x", "text/html; charset=utf-8"),
        ("/assets/page.css", "text/css; charset=utf-8"),
        ("/docs/assets/swagger-ui.css", "text/css; charset=utf-8"),
        ("/docs/assets/start.js", "text/javascript; charset=utf-8"),
        ("/api/v1/users/export?format=csv", "text/csv; charset=utf-8"),
    ] {
        let answer = root.get(path).await;
        assert_eq!(
            answer.header("content-type"),
            kind,
            "{path}: {}",
            answer.status
        );
    }
}
