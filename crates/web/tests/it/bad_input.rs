//! What no honest client sends (issue 2 § 5): each gets its exact refusal, never a 5xx, and nothing is written.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::stream::{self, StreamExt as _};
use http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, DESK, OPERATIONS, PASSWORD, TestApp};

/// Every route that takes JSON, for the caller who may use it.
const TAKES_JSON: &[(&str, &str)] = &[
    ("POST", "/api/v1/auth/register"),
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/refresh"),
    ("POST", "/api/v1/auth/logout"),
    ("POST", "/api/v1/auth/change-password"),
    ("POST", "/api/v1/auth/verify-email"),
    ("POST", "/api/v1/auth/resend-verification"),
    ("POST", "/api/v1/auth/forgot-password"),
    ("POST", "/api/v1/auth/reset-password"),
    ("POST", "/api/v1/auth/change-email"),
    ("POST", "/api/v1/auth/confirm-email-change"),
    ("POST", "/api/v1/users"),
    ("POST", "/api/v1/users/bulk"),
    ("PATCH", "/api/v1/users/me"),
    ("POST", "/api/v1/users/me/erase"),
    ("POST", "/api/v1/users/me/consents"),
    ("PATCH", "/api/v1/users/{userId}"),
    ("PATCH", "/api/v1/users/{userId}/role"),
    ("POST", "/api/v1/users/{userId}/suspend"),
    ("POST", "/api/v1/test/clock"),
];

struct Bench {
    app: TestApp,
    admin: crate::app::Principal,
    target: String,
    before: Value,
}

impl Bench {
    async fn new() -> Self {
        let app = TestApp::new().await;
        // From where the clock can be moved, too.
        let admin = app.super_admin().await.at(DESK);
        let target = app
            .account("ada", ntt_auth_core::model::Role::User)
            .await
            .id
            .to_string();
        let before = admin.get("/api/v1/users").await.json();
        Self {
            app,
            admin,
            target,
            before,
        }
    }

    async fn send(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Answer {
        let path = path.replace("{userId}", &self.target);
        let headers = [("content-type", content_type)];
        self.admin
            .send_raw(method.parse().unwrap(), &path, &headers, body.to_vec())
            .await
    }

    /// Sends a body to every route that takes JSON, and expects this refusal of all.
    async fn all_refuse(&self, body: &[u8], status: u16, code: &str) {
        for (method, path) in TAKES_JSON {
            let answer = self.send(method, path, "application/json", body).await;
            assert_eq!(
                (answer.status.as_u16(), answer.code().as_str()),
                (status, code),
                "{method} {path}: {}",
                answer.text()
            );
            answer.refuses(status, code);
        }
        self.nothing_changed().await;
    }

    async fn nothing_changed(&self) {
        assert_eq!(self.admin.get("/api/v1/users").await.json(), self.before);
        assert_eq!(self.app.accounts().await, 2);
    }
}

#[test]
fn the_corpus_covers_every_route_that_takes_json() {
    let documented: Vec<(&str, &str)> = OPERATIONS
        .iter()
        .filter(|operation| {
            operation.value["requestBody"]["content"]
                .get("application/json")
                .is_some()
        })
        .map(|operation| (operation.method.as_str(), operation.path.as_str()))
        .collect();
    for route in &documented {
        assert!(TAKES_JSON.contains(route), "{route:?}");
    }
    assert_eq!(documented.len(), TAKES_JSON.len());
}

#[tokio::test]
async fn malformed_json_is_a_400_everywhere() {
    let bench = Bench::new().await;
    let deep = format!(
        "{{\"metadata\":{}1{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let corpus: [&[u8]; 16] = [
        b"{",
        b"}",
        b"{\"email\":}",
        b"{\"email\" \"a\"}",
        b"{'email':'a'}",
        b"{email:1}",
        b"{\"email\":\"a\",}",
        b"{\"email\":\"a\"} {}",
        b"{\"email\":\"a\"}\0",
        b"\0",
        b"{\"email\":\"a\x01b\"}",
        b"{\"email\":\"\xff\xfe\"}",
        b"\xef\xbb\xbf{}",
        b"{\"email\":\"\\ud800\"}",
        b"{\"email\":\"a\",\"email\":\"b\"}",
        b"{\"metadata\":{\"n\":1e999}}",
    ];
    for body in corpus {
        bench.all_refuse(body, 400, "malformed_request").await;
    }
    bench
        .all_refuse(deep.as_bytes(), 400, "malformed_request")
        .await;
}

#[tokio::test]
async fn what_is_no_object_is_a_422_everywhere() {
    let bench = Bench::new().await;
    for body in ["true", "1", "\"text\"", "[]", "[{}]"] {
        for (method, path) in TAKES_JSON {
            let answer = bench
                .send(method, path, "application/json", body.as_bytes())
                .await;
            answer.refuses(422, "validation_failed");
        }
    }
    bench.nothing_changed().await;
}

#[tokio::test]
async fn null_is_as_good_as_no_body_only_where_none_is_needed() {
    let bench = Bench::new().await;
    for (method, path) in TAKES_JSON {
        let answer = bench.send(method, path, "application/json", b"null").await;
        match path.rsplit('/').next() {
            Some("suspend") => assert_eq!(answer.status, 200),
            Some("logout") => assert_eq!(answer.status, 204),
            _ => answer.refuses(422, "validation_failed"),
        }
        if path.ends_with("/logout") {
            return;
        }
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_or_never_ends_is_told_apart() {
    let app = TestApp::builder()
        .settings(|settings| settings.body_deadline = Duration::ZERO)
        .build()
        .await;
    let headers = [("content-type", "application/json")];
    for (method, path) in [
        (Method::POST, "/api/v1/auth/login"),
        (Method::POST, "/api/v1/auth/logout"),
    ] {
        let begun = || stream::iter([Ok("{\"email\":".into())]);
        let broken =
            Body::from_stream(begun().chain(stream::iter([Err(io::Error::other("gone"))])));
        let answer = app
            .anon()
            .send_raw(method.clone(), path, &headers, broken)
            .await;
        answer.refuses(400, "malformed_request");
        let endless = Body::from_stream(begun().chain(stream::pending::<io::Result<Bytes>>()));
        let answer = app.anon().send_raw(method, path, &headers, endless).await;
        answer.refuses(408, "timeout");
    }
}

#[tokio::test]
async fn an_unknown_field_is_a_422_that_names_it_everywhere() {
    let bench = Bench::new().await;
    for field in [
        "x",
        "$where",
        "__proto__",
        "email_verified",
        "a/b~c",
        "",
        "ａ",
        "\u{0}",
        "admin",
    ] {
        let pointer = format!("/{}", field.replace('~', "~0").replace('/', "~1"));
        let body = json!({ field: 1 }).to_string();
        for (method, path) in TAKES_JSON {
            let answer = bench
                .send(method, path, "application/json", body.as_bytes())
                .await;
            answer.refuses_field(&pointer, "unknown_field");
        }
    }
    bench.nothing_changed().await;
}

#[tokio::test]
async fn another_type_is_a_415_everywhere() {
    let bench = Bench::new().await;
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "json",
        "",
        "application/jsonp",
    ] {
        for (method, path) in TAKES_JSON {
            bench
                .send(method, path, content_type, b"{}")
                .await
                .refuses(415, "unsupported_media_type");
        }
    }
    bench.nothing_changed().await;
}

#[tokio::test]
async fn too_large_a_body_is_a_413_everywhere() {
    let bench = Bench::new().await;
    let body = json!({ "password": "x".repeat(10 * 1024 * 1024) }).to_string();
    bench
        .all_refuse(body.as_bytes(), 413, "payload_too_large")
        .await;
    let body = format!("{}{{}}", " ".repeat(64 * 1024));
    bench
        .all_refuse(body.as_bytes(), 413, "payload_too_large")
        .await;
    let body = format!("{}{{\"x\":1}}", " ".repeat(60 * 1024));
    bench
        .all_refuse(body.as_bytes(), 422, "validation_failed")
        .await;
}

#[tokio::test]
async fn too_long_an_address_and_too_large_headers_are_told_apart() {
    let app = TestApp::new().await;
    let long = format!("/api/v1/users?q={}", "x".repeat(9000));
    app.anon().get(&long).await.refuses(414, "uri_too_long");
    let large = "x".repeat(33 * 1024);
    let answer = app
        .anon()
        .send_raw(Method::GET, "/api/v1/users/me", &[("x-large", &large)], "")
        .await;
    answer.refuses(431, "header_too_large");
    let answer = app
        .anon()
        .with_access(&"x".repeat(20_000))
        .get("/api/v1/users/me")
        .await;
    answer.refuses(401, "token_invalid");
}

#[tokio::test]
async fn wrong_types_name_their_field() {
    let app = TestApp::new().await;
    for wrong in [
        json!(1),
        json!(1.5),
        json!(true),
        json!(null),
        json!([]),
        json!({}),
        json!(["a"]),
    ] {
        for field in ["email", "password"] {
            let mut body = json!({ "email": "ada@example.com", "password": PASSWORD });
            body[field] = wrong.clone();
            let answer = app.anon().post("/api/v1/auth/register", body).await;
            answer.refuses_field(&format!("/{field}"), "invalid_type");
        }
        if wrong.is_null() {
            continue;
        }
        for field in [
            "username",
            "firstName",
            "phone",
            "timezone",
            "locale",
            "avatarUrl",
        ] {
            let body = json!({ "email": "ada@example.com", "password": PASSWORD, field: wrong });
            let answer = app.anon().post("/api/v1/auth/register", body).await;
            answer.refuses_field(&format!("/{field}"), "invalid_type");
        }
    }
    let body = json!({ "email": "ada@example.com", "password": PASSWORD, "metadata": [1] });
    app.anon()
        .post("/api/v1/auth/register", body)
        .await
        .refuses_field("/metadata", "invalid_type");
    assert_eq!(app.accounts().await, 0);
}

#[tokio::test]
async fn odd_addresses_and_names_are_refused_by_name() {
    let app = TestApp::new().await;
    for email in [
        "",
        " ",
        "a",
        "a@",
        "@b.example",
        "a@b",
        "a@@b.example",
        "a b@c.example",
        "a@b..example",
        "a@-b.example",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "Ada <a@b.example>",
        "a@b.example\r\nBcc: eve@evil.example",
        "a\u{0}@b.example",
        "\u{430}da@example.com",
        "ada@ex\u{430}mple.com",
        "\"a b\"@c.example",
        "a@b.example,eve@evil.example",
        "a\u{202e}b@c.example",
        "🚀@",
        &format!("{}@b.example", "a".repeat(250)),
    ] {
        let answer = app
            .anon()
            .post(
                "/api/v1/auth/register",
                json!({ "email": email, "password": PASSWORD }),
            )
            .await;
        answer.refuses(422, "validation_failed");
        assert_eq!(
            answer.mistakes()[0].0,
            "/email",
            "{email:?}: {}",
            answer.text()
        );
    }
    for username in [
        "ab",
        "a@b",
        "a b c",
        "\u{430}da",
        "ad\u{200b}a",
        "-ada",
        "a\u{0}b",
        &"x".repeat(33),
        "../../etc",
    ] {
        let body =
            json!({ "email": "ada@example.com", "password": PASSWORD, "username": username });
        let answer = app.anon().post("/api/v1/auth/register", body).await;
        answer.refuses(422, "validation_failed");
        assert_eq!(
            answer.mistakes()[0].0,
            "/username",
            "{username:?}: {}",
            answer.text()
        );
    }
    assert_eq!(app.accounts().await, 0);
}

#[tokio::test]
async fn injections_are_text_like_any_other() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    for text in [
        "'; DROP TABLE users; --",
        "\" OR \"\"=\"",
        "%' OR '1'='1",
        "${jndi:ldap://x}",
        "{{7*7}}",
        "<script>alert(1)</script>",
    ] {
        let body = json!({ "identifier": text, "password": text });
        app.anon()
            .post("/api/v1/auth/login", body)
            .await
            .refuses(401, "invalid_credentials");
        let query = url_encoded(text);
        assert_eq!(
            admin
                .get(&format!("/api/v1/users?q={query}"))
                .await
                .is(200)
                .json()["items"],
            json!([])
        );
        let changed = admin
            .patch(
                "/api/v1/users/me",
                json!({ "firstName": text, "metadata": { text: text } }),
            )
            .await;
        assert_eq!(changed.is(200).json()["firstName"], text);
        assert_eq!(
            admin.get("/api/v1/users/me").await.json()["metadata"][text],
            text
        );
    }
    assert_eq!(app.accounts().await, 1);
}

fn url_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn v1_1_1_what_is_encoded_is_decoded_once() {
    let app = TestApp::new().await;
    let anon = app.anon();
    // In a path.
    anon.get("/docs/assets/%73tart.js").await.is(200);
    for path in [
        "/docs/assets/%2573tart.js",
        "/docs/assets/%252e%252e%252fstart.js",
        "/docs/assets/%c0%aestart.js",
        "/docs/assets/%2500",
        "/docs/errors/%256eot_found",
        "/docs/errors/%252e%252e%252f%252e%252e%252fopenapi.json",
        "/%252e%252e/%252e%252e/etc/passwd",
    ] {
        anon.get(path).await.refuses(404, "not_found");
    }
    // In a query. What is no UTF-8, like a dot that is longer than it need be, never becomes what it would have meant.
    for (sent, read) in [
        ("a%2520b", "value=\"a%20b\""),
        ("%252e%252e", "value=\"%2e%2e\""),
        ("%253Cscript%253E", "value=\"%3Cscript%3E\""),
        ("%2500", "value=\"%00\""),
        ("%c0%ae", "value=\"\u{fffd}\u{fffd}\""),
    ] {
        let page = anon.get(&format!("/verify-email?token={sent}")).await;
        assert!(
            page.is(200).text().contains(read),
            "{sent}: {}",
            page.text()
        );
    }
    let admin = app.admin().await;
    for text in ["%2500", "%252e%252e", "ada%2540example.com"] {
        let found = admin.get(&format!("/api/v1/users?q={text}")).await;
        assert_eq!(found.is(200).json()["items"], json!([]), "{text}");
    }
    // In a form.
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (sent, read) in [
        ("ada%2540example.com", "value=\"ada%40example.com\""),
        ("%2522%253E", "value=\"%22%3E\""),
    ] {
        let body = format!("email={sent}");
        let page = anon
            .send_raw(Method::POST, "/forgot-password", &form, body)
            .await;
        assert!(
            page.is(422).text().contains(read),
            "{sent}: {}",
            page.text()
        );
    }
    assert!(app.mails().await.is_empty());
}
