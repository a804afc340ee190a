//! What every answer wears: an id, security headers, CORS (PRO-4, OPS-3).

use http::{HeaderValue, Method};
use ntt_auth_web::CorsOrigins;
use serde_json::json;

use crate::app::{Answer, OPERATIONS, TestApp};

const OURS: &str = "https://app.example.com";

fn is_dressed(answer: &Answer, name: &str) {
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{name}");
    // Pages with forms name their origin; nothing ever names more.
    assert!(
        matches!(
            answer.header("referrer-policy"),
            "no-referrer" | "strict-origin"
        ),
        "{name}"
    );
    assert_eq!(
        answer.header("strict-transport-security"),
        "max-age=31536000; includeSubDomains",
        "{name}"
    );
    assert!(!answer.header("x-request-id").is_empty(), "{name}");
    assert!(!answer.header("cache-control").is_empty(), "{name}");
    assert!(
        !answer.header("cross-origin-resource-policy").is_empty(),
        "{name}"
    );
    let policy = answer.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{name}: {policy}"
    );
    assert!(policy.contains("base-uri 'none'"), "{name}: {policy}");
    assert!(!policy.contains("unsafe"), "{name}: {policy}");
    assert!(
        !answer.headers.contains_key("access-control-allow-origin"),
        "{name}"
    );
    assert!(
        !answer.headers.contains_key("server") && !answer.headers.contains_key("set-cookie"),
        "{name}"
    );
    if answer.header("content-type").starts_with("text/html") {
        assert_eq!(
            answer.header("cross-origin-opener-policy"),
            "same-origin",
            "{name}"
        );
        assert!(
            answer.header("permissions-policy").contains("camera=()"),
            "{name}"
        );
        assert!(!answer.text().contains("<script>"), "{name}");
    }
}

#[tokio::test]
async fn pro4_every_answer_of_every_route_is_dressed() {
    let app = TestApp::new().await;
    let anon = app.anon();
    for operation in OPERATIONS.iter() {
        let path = operation
            .path
            .replace("{userId}", "x")
            .replace("{sessionId}", "x")
            .replace("{code}", "not_found");
        let name = format!("{} {path}", operation.method);
        is_dressed(
            &anon.send(operation.method.clone(), &path, None).await,
            &name,
        );
    }
    for path in [
        "/",
        "/nowhere",
        "/api/v1/nowhere",
        "/docs/errors/nothing",
        "/../etc/passwd",
        "//",
        "/api/v1/auth/login/",
    ] {
        is_dressed(&anon.get(path).await, path);
    }
    is_dressed(
        &anon.send(Method::OPTIONS, "/api/v1/auth/login", None).await,
        "OPTIONS",
    );
    is_dressed(&anon.send(Method::PUT, "/api/v1/users", None).await, "PUT");
    is_dressed(
        &app.user("ada").await.get("/api/v1/users/me").await,
        "/users/me",
    );
}

#[tokio::test]
async fn without_tls_browsers_are_not_told_to_insist_on_it() {
    let app = TestApp::builder()
        .settings(|settings| settings.public_url = "http://localhost:8080".to_owned())
        .build()
        .await;
    assert_eq!(
        app.anon()
            .get("/health")
            .await
            .header("strict-transport-security"),
        ""
    );
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems() {
    let app = TestApp::new().await;
    let anon = app.anon();
    for path in [
        "/nowhere",
        "/api/v1",
        "/api/v1/",
        "/api/v2/auth/login",
        "/api/v1/auth/login/",
        "/API/V1/AUTH/LOGIN",
        "/.env",
    ] {
        anon.get(path).await.refuses(404, "not_found");
    }
    for (method, path, allowed) in [
        (Method::GET, "/api/v1/auth/login", "POST"),
        (Method::PUT, "/api/v1/users/me", "GET"),
        (Method::PATCH, "/api/v1/auth/validate", "GET"),
        (Method::DELETE, "/health", "GET"),
        (Method::TRACE, "/api/v1/auth/refresh", "POST"),
    ] {
        let answer = anon.send(method, path, None).await;
        answer.refuses(405, "method_not_allowed");
        assert!(
            answer.header("allow").contains(allowed),
            "{}",
            answer.header("allow")
        );
    }
}

#[tokio::test]
async fn ops3_a_request_id_is_taken_if_it_is_plain_and_made_if_not() {
    let app = TestApp::new().await;
    let ask = async |id: &str| {
        let answer = app
            .anon()
            .send_raw(Method::GET, "/api/v1/users/me", &[("x-request-id", id)], "")
            .await;
        answer.refuses(401, "token_missing");
        answer.header("x-request-id").to_owned()
    };
    assert_eq!(ask("web-1.a_B").await, "web-1.a_B");
    assert_eq!(ask(&"x".repeat(128)).await, "x".repeat(128));
    for bad in [
        "a b",
        "<script>",
        "",
        "\u{e9}",
        &"x".repeat(129),
        "a\tb",
        "${jndi:ldap://x}",
    ] {
        assert_ne!(ask(bad).await, bad);
    }
    assert_ne!(ask("").await, ask("").await);
}

#[tokio::test]
async fn pro4_other_origins_are_told_nothing_unless_configured() {
    let preflight = [
        ("origin", OURS),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "authorization,content-type",
        ),
    ];
    let app = TestApp::new().await;
    let answer = app
        .anon()
        .send_raw(Method::OPTIONS, "/api/v1/auth/login", &preflight, "")
        .await;
    assert!(
        answer
            .headers
            .keys()
            .all(|name| !name.as_str().starts_with("access-control-"))
    );
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");

    let app = TestApp::builder()
        .settings(|settings| {
            settings.cors_origins = CorsOrigins::Only(vec![HeaderValue::from_static(OURS)]);
        })
        .build()
        .await;
    let answer = app
        .anon()
        .send_raw(Method::OPTIONS, "/api/v1/auth/login", &preflight, "")
        .await;
    assert!(answer.status.is_success());
    assert_eq!(answer.header("access-control-allow-origin"), OURS);
    assert!(
        answer
            .header("access-control-allow-methods")
            .contains("PATCH")
    );
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    for other in [
        "https://app.example.com.evil.example",
        "https://evil.example",
        "http://app.example.com",
        "null",
        "https://APP.example.com",
    ] {
        let headers = [("origin", other), ("access-control-request-method", "POST")];
        let answer = app
            .anon()
            .send_raw(Method::OPTIONS, "/api/v1/auth/login", &headers, "")
            .await;
        assert!(
            !answer.headers.contains_key("access-control-allow-origin"),
            "{other}"
        );
    }
    for path in [
        "/api/v1/auth/validate",
        "/api/v1/users/me",
        "/api/v1/auth/password-policy",
        "/api/v1/auth/nowhere",
    ] {
        let answer = app
            .anon()
            .send_raw(Method::GET, path, &[("origin", OURS)], "")
            .await;
        if path != "/api/v1/auth/nowhere" {
            assert_eq!(answer.header("access-control-allow-origin"), OURS, "{path}");
            let exposed = answer.header("access-control-expose-headers");
            for wanted in ["x-request-id", "date"] {
                assert!(exposed.contains(wanted), "{path}: {exposed}");
            }
        }
        let vary: Vec<&str> = answer
            .headers
            .get_all("vary")
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect();
        assert!(
            path == "/api/v1/auth/nowhere" || vary.join(",").to_lowercase().contains("origin"),
            "{path}: {vary:?}"
        );
    }
}

#[tokio::test]
async fn answers_with_personal_data_are_kept_by_nobody() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    for path in [
        "/api/v1/users",
        "/api/v1/users/me",
        "/api/v1/auth/sessions",
        "/api/v1/auth/validate",
    ] {
        assert_eq!(
            admin.get(path).await.header("cache-control"),
            "no-store",
            "{path}"
        );
    }
    let answer = admin
        .patch("/api/v1/users/me", json!({ "firstName": "A" }))
        .await;
    assert_eq!(answer.header("cache-control"), "no-store");
}
