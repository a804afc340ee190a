//! Browser mode: the refresh token in a cookie (TOK-11, ASVS V3.3, V3.5, E-30, E-31, E-42).

use std::time::Duration;

use http::Method;
use ntt_auth_core::model::Role;
use ntt_auth_web::CorsOrigins;
use serde_json::{Value, json};

use crate::app::{Answer, PASSWORD, PUBLIC_URL, Principal, TestApp};

const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";
const LOGOUT: &str = "/api/v1/auth/logout";
const APP: &str = "https://app.example.com";
const EVIL: &str = "https://evil.example";

/// A browser: it keeps cookies, and says from which page it asks.
struct Browser {
    who: Principal,
    jar: Vec<(String, String)>,
    csrf: Option<String>,
    origin: &'static str,
    site: &'static str,
}

impl Browser {
    fn new(app: &TestApp) -> Self {
        Self {
            who: app.anon(),
            jar: Vec::new(),
            csrf: None,
            origin: PUBLIC_URL,
            site: "same-origin",
        }
    }

    /// The same browser, in which a page of another origin asks.
    fn page_of(&self, origin: &'static str, site: &'static str) -> Self {
        Self {
            who: self.who.clone(),
            jar: self.jar.clone(),
            csrf: self.csrf.clone(),
            origin,
            site,
        }
    }

    async fn post(&mut self, path: &str, body: Option<Value>) -> Answer {
        let jar: Vec<String> = self
            .jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let jar = jar.join("; ");
        let mut headers = vec![
            ("origin", self.origin),
            ("sec-fetch-site", self.site),
            ("cookie", &jar),
        ];
        let csrf = self.csrf.clone();
        if let Some(csrf) = &csrf {
            headers.push(("x-csrf-token", csrf));
        }
        let text = body.map(|body| body.to_string());
        if text.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let answer = self
            .who
            .send_raw(Method::POST, path, &headers, text.unwrap_or_default())
            .await;
        for cookie in cookies(&answer) {
            self.jar.retain(|(name, _)| *name != cookie.name);
            if cookie.attribute("max-age") != Some("0") {
                self.jar.push((cookie.name, cookie.value));
            }
        }
        answer
    }

    async fn sign_in(&mut self) -> Value {
        let body = json!({ "email": "ada@example.com", "password": PASSWORD, "session": "cookie" });
        let tokens = self.post(LOGIN, Some(body)).await.is(200).json();
        self.csrf = tokens["csrfToken"].as_str().map(str::to_owned);
        tokens
    }

    fn cookie(&self, name: &str) -> Option<String> {
        let found = self.jar.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    }

    fn set(&mut self, name: &str, value: &str) {
        self.jar.retain(|(key, _)| key != name);
        self.jar.push((name.to_owned(), value.to_owned()));
    }
}

#[derive(Debug)]
struct Cookie {
    name: String,
    value: String,
    attributes: Vec<String>,
}

impl Cookie {
    /// An attribute's value; empty for a flag.
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find_map(|attribute| {
            let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

fn cookies(answer: &Answer) -> Vec<Cookie> {
    let headers = answer.headers.get_all("set-cookie").iter();
    headers
        .map(|header| {
            let mut parts = header.to_str().unwrap().split(';').map(str::trim);
            let (name, value) = parts.next().unwrap().split_once('=').unwrap();
            Cookie {
                name: name.to_owned(),
                value: value.to_owned(),
                attributes: parts.map(str::to_owned).collect(),
            }
        })
        .collect()
}

async fn installation() -> TestApp {
    let app = TestApp::builder()
        .settings(|settings| {
            settings.cors_origins = CorsOrigins::Only(vec![APP.parse().unwrap()]);
        })
        .build()
        .await;
    app.account("ada", Role::User).await;
    app
}

#[tokio::test]
async fn tok11_v3_3_4_the_refresh_token_is_in_a_cookie_and_nowhere_else() {
    let app = installation().await;
    let mut ada = Browser::new(&app);
    for path in [LOGIN, REFRESH] {
        let body = json!({ "email": "ada@example.com", "password": PASSWORD, "session": "cookie" });
        let answer = ada.post(path, (path == LOGIN).then_some(body)).await;
        let tokens = answer.is(200).json();
        assert!(tokens.get("refreshToken").is_none() && tokens.get("deviceToken").is_none());
        assert_eq!(answer.header("cache-control"), "no-store");
        ada.csrf = tokens["csrfToken"].as_str().map(str::to_owned);
        for name in ["__Host-ntt_refresh", "__Host-ntt_device"] {
            let value = ada.cookie(name).unwrap();
            assert!(
                !answer.text().contains(&value),
                "{name} is told in the body"
            );
        }
        assert_eq!(ada.cookie("__Host-ntt_csrf"), ada.csrf);
    }
    // Whoever does not ask for cookies gets none.
    let body = json!({ "email": "ada@example.com", "password": PASSWORD, "session": "body" });
    let answer = Browser::new(&app).post(LOGIN, Some(body)).await;
    assert!(cookies(&answer).is_empty() && answer.json()["refreshToken"].is_string());
    assert!(answer.json().get("csrfToken").is_none());
}

#[tokio::test]
async fn v3_3_1_v3_3_2_v3_3_3_every_cookie_is_held_to_this_host_and_these_pages() {
    let app = installation().await;
    let mut ada = Browser::new(&app);
    let body = json!({ "email": "ada@example.com", "password": PASSWORD, "session": "cookie" });
    let signed_in = ada.post(LOGIN, Some(body)).await;
    ada.csrf = ada.cookie("__Host-ntt_csrf");
    let refreshed = ada.post(REFRESH, None).await;
    let signed_out = ada.post(LOGOUT, None).await;
    let mut seen = Vec::new();
    for answer in [signed_in.is(200), refreshed.is(200), signed_out.is(204)] {
        for cookie in cookies(answer) {
            assert!(cookie.name.starts_with("__Host-"), "{cookie:?}");
            assert_eq!(cookie.attribute("secure"), Some(""), "{cookie:?}");
            assert_eq!(cookie.attribute("path"), Some("/"), "{cookie:?}");
            assert_eq!(cookie.attribute("domain"), None, "{cookie:?}");
            assert_eq!(cookie.attribute("samesite"), Some("Strict"), "{cookie:?}");
            let is_hidden = cookie.attribute("httponly").is_some();
            assert_eq!(is_hidden, cookie.name != "__Host-ntt_csrf", "{cookie:?}");
            assert!(cookie.name.len() + cookie.value.len() < 4096);
            seen.push((
                cookie.name.clone(),
                cookie.attribute("max-age").unwrap().to_owned(),
            ));
        }
    }
    let life = |name: &str, age: &str| (name.to_owned(), age.to_owned());
    assert!(
        seen.contains(&life("__Host-ntt_refresh", "604800")),
        "{seen:?}"
    );
    assert!(
        seen.contains(&life("__Host-ntt_device", "34560000")),
        "{seen:?}"
    );
    assert!(seen.contains(&life("__Host-ntt_refresh", "0")), "{seen:?}");
}

#[tokio::test]
async fn tok11_signing_out_takes_the_cookie_back_and_the_device_stays_known() {
    let app = installation().await;
    let mut ada = Browser::new(&app);
    let tokens = ada.sign_in().await;
    let stolen = ada.cookie("__Host-ntt_refresh").unwrap();
    let answer = ada.post(LOGOUT, None).await;
    answer.is(204);
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
    assert_eq!(ada.cookie("__Host-ntt_refresh"), None);
    app.anon()
        .with_access(tokens["accessToken"].as_str().unwrap())
        .validate()
        .await
        .refuses(401, "token_revoked");
    ada.set("__Host-ntt_refresh", &stolen);
    let answer = ada.post(REFRESH, None).await;
    answer.refuses(401, "refresh_token_invalid");
    assert_eq!(
        ada.cookie("__Host-ntt_refresh"),
        None,
        "a refused cookie is taken back"
    );
    // Strangers lock the network; the browser is known by its cookie.
    for _ in 0..6 {
        let body = json!({ "email": "ada@example.com", "password": "Not-the-password-1" });
        app.anon().post(LOGIN, body).await;
    }
    ada.sign_in().await;
}

#[tokio::test]
async fn tok5_a_cookie_is_used_once_and_two_tabs_get_the_same_successor() {
    let app = installation().await;
    let mut first = Browser::new(&app);
    first.sign_in().await;
    let old = first.cookie("__Host-ntt_refresh").unwrap();
    let mut second = first.page_of(PUBLIC_URL, "same-origin");
    first.post(REFRESH, None).await.is(200);
    second.post(REFRESH, None).await.is(200);
    assert_eq!(
        first.cookie("__Host-ntt_refresh"),
        second.cookie("__Host-ntt_refresh")
    );
    first.post(REFRESH, None).await.is(200);
    app.clock.advance(Duration::from_mins(5));
    let mut thief = first.page_of(PUBLIC_URL, "same-origin");
    thief.set("__Host-ntt_refresh", &old);
    thief
        .post(REFRESH, None)
        .await
        .refuses(401, "refresh_token_reused");
    first
        .post(REFRESH, None)
        .await
        .refuses(401, "refresh_token_invalid");
}

#[tokio::test]
async fn e42_v3_5_1_another_origin_cannot_use_a_cookie() {
    let app = installation().await;
    let mut ada = Browser::new(&app);
    ada.sign_in().await;
    let login = json!({ "email": "ada@example.com", "password": PASSWORD, "session": "cookie" });
    for (origin, site) in [
        (EVIL, "cross-site"),
        (EVIL, "same-site"),
        (EVIL, ""),
        ("null", "cross-site"),
        ("null", ""),
        ("https://auth.example.com.evil.example", ""),
        ("https://evil-auth.example.com", ""),
        ("https://auth.example.com:8443", ""),
        ("http://auth.example.com.", ""),
        ("https://app.example.com.evil.example", ""),
    ] {
        for path in [REFRESH, LOGOUT, LOGIN] {
            let mut page = ada.page_of(origin, site);
            let body = (path == LOGIN).then(|| login.clone());
            let answer = page.post(path, body).await;
            answer.refuses(403, "csrf_refused");
            assert!(cookies(&answer).is_empty(), "{origin} {site} {path}");
        }
    }
    // A configured origin may, and what says nothing of itself is no browser.
    for (origin, site) in [
        (APP, "same-site"),
        (APP, ""),
        (PUBLIC_URL, ""),
        ("", "none"),
        ("", ""),
    ] {
        let mut page = ada.page_of(origin, site);
        page.post(REFRESH, None).await.is(200);
    }
    ada.post(REFRESH, None).await.is(200);
}

#[tokio::test]
async fn v3_5_1_without_the_sessions_own_token_a_cookie_is_not_used() {
    let app = installation().await;
    app.account("eve", Role::User).await;
    let mut ada = Browser::new(&app);
    ada.sign_in().await;
    let mut eve = Browser::new(&app);
    let body = json!({ "email": "eve@example.com", "password": PASSWORD, "session": "cookie" });
    let of_eve = eve.post(LOGIN, Some(body)).await.json()["csrfToken"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut other = Browser::new(&app);
    let of_another_session = other.sign_in().await["csrfToken"]
        .as_str()
        .unwrap()
        .to_owned();
    for token in [
        None,
        Some(String::new()),
        Some(of_eve),
        Some(of_another_session),
        Some("x".repeat(43)),
    ] {
        for path in [REFRESH, LOGOUT] {
            let mut page = ada.page_of(PUBLIC_URL, "same-origin");
            page.csrf.clone_from(&token);
            page.post(path, None).await.refuses(403, "csrf_refused");
        }
    }
    ada.post(REFRESH, None).await.is(200);
}

#[tokio::test]
async fn v3_5_2_what_a_form_can_send_reaches_nothing() {
    let app = installation().await;
    let mut ada = Browser::new(&app);
    ada.sign_in().await;
    let cookie = format!(
        "__Host-ntt_refresh={}",
        ada.cookie("__Host-ntt_refresh").unwrap()
    );
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        for path in [
            REFRESH,
            LOGOUT,
            LOGIN,
            "/api/v1/auth/register",
            "/api/v1/auth/change-password",
        ] {
            let headers = [
                ("content-type", kind),
                ("cookie", cookie.as_str()),
                ("origin", EVIL),
            ];
            let answer = app
                .anon()
                .send_raw(Method::POST, path, &headers, "{}")
                .await;
            assert!(
                matches!(answer.status.as_u16(), 415 | 403 | 401),
                "{path} {kind}: {}",
                answer.text()
            );
        }
    }
    for path in [REFRESH, LOGOUT] {
        let headers = [("cookie", cookie.as_str())];
        let answer = app.anon().send_raw(Method::GET, path, &headers, "").await;
        answer.refuses(405, "method_not_allowed");
    }
    ada.post(REFRESH, None).await.is(200);
}

#[tokio::test]
async fn e31_forged_and_altered_cookies_are_refused() {
    let app = installation().await;
    let mut ada = Browser::new(&app);
    let tokens = ada.sign_in().await;
    let good = ada.cookie("__Host-ntt_refresh").unwrap();
    let access = tokens["accessToken"].as_str().unwrap();
    let device = ada.cookie("__Host-ntt_device").unwrap();
    let mut altered = good.clone().into_bytes();
    altered[20] ^= 1;
    let altered = String::from_utf8(altered).unwrap();
    for forged in [
        "",
        "x",
        access,
        &device,
        &good[1..],
        &good[..good.len() - 1],
        &altered,
    ] {
        let mut page = ada.page_of(PUBLIC_URL, "same-origin");
        page.set("__Host-ntt_refresh", forged);
        page.post(REFRESH, None)
            .await
            .refuses(401, "refresh_token_invalid");
    }
    // Of two cookies of one name neither is believed.
    let mut page = ada.page_of(PUBLIC_URL, "same-origin");
    page.jar.push(("__Host-ntt_refresh".to_owned(), good));
    page.post(REFRESH, None)
        .await
        .refuses(422, "validation_failed");
    ada.post(REFRESH, None).await.is(200);
}

#[tokio::test]
async fn e30_a_planted_cookie_is_never_taken_over() {
    let app = installation().await;
    let mut eve = Browser::new(&app);
    let planted = eve.sign_in().await["sessionId"].clone();
    let mut ada = Browser::new(&app);
    ada.jar.clone_from(&eve.jar);
    let before = ada.cookie("__Host-ntt_refresh");
    let tokens = ada.sign_in().await;
    assert_ne!(tokens["sessionId"], planted);
    assert_ne!(ada.cookie("__Host-ntt_refresh"), before);
    ada.post(LOGOUT, None).await.is(204);
    assert_ne!(ada.sign_in().await["sessionId"], tokens["sessionId"]);
}

#[tokio::test]
async fn e42_a_cookie_never_stands_for_an_access_token() {
    let app = installation().await;
    let mut ada = Browser::new(&app);
    ada.sign_in().await;
    let jar: Vec<String> = ada
        .jar
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let csrf = ada.csrf.clone().unwrap();
    let headers = [("cookie", jar.join("; ")), ("x-csrf-token", csrf)];
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    for (method, path) in [
        (Method::GET, "/api/v1/users/me"),
        (Method::DELETE, "/api/v1/users/me"),
        (Method::GET, "/api/v1/auth/sessions"),
        (Method::GET, "/api/v1/auth/validate"),
        (Method::POST, "/api/v1/auth/logout-all"),
    ] {
        let answer = app.anon().send_raw(method, path, &headers, "").await;
        answer.refuses(401, "token_missing");
    }
}

#[tokio::test]
async fn v3_4_2_configured_origins_may_send_cookies_and_others_may_not() {
    let app = installation().await;
    let preflight = |origin: &'static str| {
        [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            (
                "access-control-request-headers",
                "content-type,x-csrf-token",
            ),
        ]
    };
    let answer = app
        .anon()
        .send_raw(Method::OPTIONS, REFRESH, &preflight(APP), "")
        .await;
    assert_eq!(answer.header("access-control-allow-origin"), APP);
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert!(
        answer
            .header("access-control-allow-headers")
            .contains("x-csrf-token")
    );
    for other in [
        EVIL,
        "null",
        "https://app.example.com.evil.example",
        "http://app.example.com",
        "https://APP.example.com",
    ] {
        let answer = app
            .anon()
            .send_raw(Method::OPTIONS, REFRESH, &preflight(other), "")
            .await;
        assert!(
            !answer.headers.contains_key("access-control-allow-origin"),
            "{other}"
        );
    }
    let everybody = TestApp::builder()
        .settings(|settings| settings.cors_origins = CorsOrigins::Any)
        .build()
        .await;
    let answer = everybody
        .anon()
        .send_raw(Method::OPTIONS, REFRESH, &preflight(EVIL), "")
        .await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(
        !answer
            .headers
            .contains_key("access-control-allow-credentials")
    );
}
