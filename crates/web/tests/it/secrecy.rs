//! No secret reaches the log (PRO-7).

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use ntt_auth_core::flow::offer_set_up;
use serde_json::json;
use tracing::instrument::WithSubscriber as _;
use tracing_subscriber::fmt::MakeWriter;

use crate::app::{PASSWORD, Switch, TestApp, fresh};
use crate::system::Panics;

/// A log that is kept.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    /// Keeps what is logged from this level on.
    fn subscriber(&self, level: tracing::Level) -> impl tracing::Subscriber + Send + Sync {
        tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_writer(self.clone())
            .finish()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

const NEW: &str = "Difference-Engine-1822";

#[tokio::test]
async fn pro7_no_password_token_hash_or_address_is_logged() {
    // With one subscriber alone, a place in the code that another thread reaches first would be taken for silent.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
    let log = Kept::default();
    let subscriber = log.subscriber(tracing::Level::TRACE);
    let secrets = async {
        let switch = Switch::over(fresh().await);
        let app = TestApp::builder().store(switch.clone()).build().await;
        let setup = offer_set_up(&app.auth)
            .await
            .unwrap()
            .unwrap()
            .expose()
            .to_owned();
        app.anon()
            .get(&format!("/setup?token={setup}"))
            .await
            .is(200);
        let body =
            json!({ "email": "ada@example.com", "password": PASSWORD, "phone": "+442071234567" });
        app.anon().post("/api/v1/auth/register", body).await.is(201);
        let ada = app.anon().sign_in("ada@example.com", PASSWORD).await;
        let body = json!({ "email": "ada@example.com", "password": "Not-the-password-1" });
        app.anon()
            .post("/api/v1/auth/login", body.clone())
            .await
            .refuses(401, "invalid_credentials");
        app.anon()
            .post_bytes("/api/v1/auth/login", format!("{body}x"))
            .await
            .refuses(400, "malformed_request");
        ada.validate().await.is(200);
        let next = ada.refreshed().await;
        next.post(
            "/api/v1/auth/change-password",
            json!({ "currentPassword": PASSWORD, "newPassword": NEW }),
        )
        .await
        .is(204);
        next.get("/api/v1/users?q=ada%40example.com")
            .await
            .refuses(403, "forbidden");
        let hash = app
            .stored(ada.id())
            .await
            .password
            .unwrap()
            .expose()
            .to_owned();
        ada.clone()
            .with_agent("thief/1")
            .refresh()
            .await
            .refuses(401, "refresh_token_reused");
        switch.off();
        next.get("/api/v1/users/me")
            .await
            .refuses(401, "token_revoked");
        app.anon()
            .post("/api/v1/auth/login", body)
            .await
            .refuses(503, "unavailable");
        let tokens = [
            ada.access.unwrap(),
            next.access.unwrap(),
            ada.refresh,
            next.refresh,
        ];
        let texts = [
            "Not-the-password-1",
            PASSWORD,
            NEW,
            "ada@example.com",
            "ada%40example.com",
            "+442071234567",
        ];
        texts
            .map(str::to_owned)
            .into_iter()
            .chain(tokens)
            .chain([setup, hash])
            .collect::<Vec<_>>()
    }
    .with_subscriber(subscriber)
    .await;

    let text = log.text();
    assert!(
        text.contains("/api/v1/auth/login") && text.contains("/api/v1/auth/refresh"),
        "the requests are logged: {text}"
    );
    assert!(
        text.contains("switched off by a test"),
        "a fault is logged with its cause"
    );
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} stands in the log");
    }
}

#[tokio::test]
async fn v16_3_4_a_panic_is_logged_under_the_id_of_its_request() {
    // See above.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
    let log = Kept::default();
    let subscriber = log.subscriber(tracing::Level::INFO);
    let answer = async {
        let app = TestApp::builder().hasher(Arc::new(Panics)).build().await;
        let body = json!({ "email": "a@example.com", "password": "x" });
        app.anon().post("/api/v1/auth/login", body).await
    }
    .with_subscriber(subscriber)
    .await;
    answer.refuses(500, "internal");
    let text = log.text();
    let line = text
        .lines()
        .find(|line| line.contains("a handler panicked"))
        .unwrap_or_else(|| panic!("{text}"));
    assert!(line.contains("ERROR"), "{line}");
    assert!(line.contains("the hasher's secret is out"), "{line}");
    assert!(line.contains(answer.header("x-request-id")), "{line}");
}
