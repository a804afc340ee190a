//! Mail that is kept instead of sent (WEB-3), and who may read it.

use http::Method;
use ntt_auth_core::model::{JobId, Timestamp};
use ntt_auth_web::OutboxMail;
use serde_json::json;

use crate::app::{DESK, TestApp};

const API: &str = "/api/v1/outbox";

fn id(number: u8) -> JobId {
    format!("01987654-3210-7000-8000-0000000000{number:02x}")
        .parse()
        .unwrap()
}

fn mail(number: u8, to: &str, letter: &str) -> OutboxMail {
    OutboxMail {
        id: id(number),
        at: Timestamp::parse("2026-11-24T10:18:17Z").unwrap(),
        to: to.to_owned(),
        letter: letter.to_owned(),
        locale: "en".to_owned(),
        subject: format!("<Subject> {number}"),
        text: "Hello <script>x</script>\n\nhttps://auth.example.com/verify-email?token=T&x=\"y .\n"
            .to_owned(),
        html: "<!doctype html><html><head><style>p { color: red }</style></head><body><p>Hi</p>\
               <script>x</script></body></html>"
            .to_owned(),
    }
}

async fn with_mails() -> TestApp {
    let app = TestApp::new().await;
    app.outbox.put(mail(1, "ada@example.com", "verify-email"));
    app.outbox.put(mail(2, "grace@example.com", "verify-email"));
    app.outbox.put(mail(3, "Ada@example.com", "reset-password"));
    app
}

#[tokio::test]
async fn mails_are_listed_and_read_by_programs() {
    let app = with_mails().await;
    let desk = app.anon().at(DESK);
    let all = desk.get(API).await.is(200).json();
    assert_eq!(all["items"].as_array().unwrap().len(), 3);
    assert_eq!(all["nextCursor"], json!(null));
    assert_eq!(
        all["items"][0],
        json!({
            "mailId": id(3).to_string(),
            "createdAt": "2026-11-24T10:18:17.000Z",
            "to": "Ada@example.com",
            "letter": "reset-password",
            "locale": "en",
            "subject": "<Subject> 3",
            "links": ["https://auth.example.com/verify-email?token=T&x="],
        })
    );
    for (query, expected) in [
        ("to=ada@example.com", vec![3, 1]),
        ("to=ADA@EXAMPLE.COM&letter=verify-email", vec![1]),
        ("letter=verify-email&limit=1", vec![2]),
        ("to=ada", vec![]),
    ] {
        let found = desk.get(&format!("{API}?{query}")).await.is(200).json();
        let ids: Vec<String> = found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["mailId"].as_str().unwrap().to_owned())
            .collect();
        let expected: Vec<String> = expected.into_iter().map(|n| id(n).to_string()).collect();
        assert_eq!(ids, expected, "{query}");
    }
    desk.get(&format!("{API}?limit=0"))
        .await
        .refuses_field("/limit", "out_of_range");
    let one = desk.get(&format!("{API}/{}", id(1))).await.is(200).json();
    assert!(one["text"].as_str().unwrap().starts_with("Hello <script>"));
    assert!(one["html"].as_str().unwrap().contains("<p>Hi</p>"));
    desk.get(&format!("{API}/{}", id(9)))
        .await
        .refuses(404, "not_found");
    desk.get(&format!("{API}/..%2f..%2fetc"))
        .await
        .refuses(404, "not_found");
    desk.delete(API).await.is(204);
    assert_eq!(desk.get(API).await.json()["items"], json!([]));
}

#[tokio::test]
async fn people_read_them_without_any_script() {
    let app = with_mails().await;
    let desk = app.anon().at(DESK);
    assert!(desk.get("/").await.is(200).text().contains("/outbox"));
    assert!(!app.anon().get("/").await.is(200).text().contains("/outbox"));
    let list = desk.get("/outbox").await.is(200).text();
    assert!(list.contains(&format!("./outbox/{}", id(2))));
    assert!(list.contains("&lt;Subject&gt; 2") && !list.contains("<Subject>"));
    let answer = desk.get(&format!("/outbox/{}", id(1))).await;
    let page = answer.is(200).text();
    assert!(page.contains("Hello &lt;script&gt;") && !page.contains("<script"));
    assert!(
        page.contains(
            "<a href=\"https:&#x2f;&#x2f;auth.example.com&#x2f;verify-email?token=T&amp;x=\">"
        ),
        "{page}"
    );
    assert!(
        answer
            .header("content-security-policy")
            .contains("frame-src 'self'")
    );
    let answer = desk.get(&format!("/outbox/{}/html", id(1))).await;
    let html = answer.is(200).text();
    assert!(html.contains("<head><base target=\"_blank\"><style>"));
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(policy.contains("sandbox allow-popups"), "{policy}");
    assert!(!policy.contains("script"), "{policy}");
    for path in ["/outbox/x", "/outbox/x/html"] {
        desk.get(path).await.refuses(404, "not_found");
    }
}

#[tokio::test]
async fn v13_4_2_to_everybody_else_there_is_no_outbox() {
    let app = with_mails().await;
    let root = app.super_admin().await;
    let desk = app.anon().at(DESK);
    let paths = [
        API.to_owned(),
        format!("{API}/{}", id(1)),
        "/outbox".to_owned(),
        format!("/outbox/{}", id(1)),
        format!("/outbox/{}/html", id(1)),
    ];
    for path in &paths {
        // Not even an administrator at another address.
        root.get(path).await.refuses(404, "not_found");
        for (header, value) in [
            // Behind a proxy everybody comes from the proxy's address.
            ("x-forwarded-for", "127.0.0.1"),
            ("forwarded", "for=127.0.0.1"),
            // A page elsewhere whose name was made to resolve to this machine.
            ("host", "rebound.example"),
            ("host", "127.0.0.1.rebound.example"),
            ("host", "localhost.rebound.example:8080"),
        ] {
            let answer = desk
                .send_raw(Method::GET, path, &[(header, value)], String::new())
                .await;
            answer.refuses(404, "not_found");
        }
    }
    root.delete(API).await.refuses(404, "not_found");
    for host in [
        "localhost:8080",
        "127.0.0.1",
        "[::1]:8080",
        "auth.example.com",
        "app.localhost",
    ] {
        let answer = desk
            .send_raw(Method::GET, API, &[("host", host)], String::new())
            .await;
        assert_eq!(answer.is(200).json()["items"].as_array().unwrap().len(), 3);
    }
}
