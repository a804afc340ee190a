//! Changing one's password, and what a form is told (ACC-4, ACC-6).

use std::sync::Arc;

use futures::future::join_all;
use ntt_auth_core::model::EventKind;
use ntt_auth_core::password::{Breaches, BreachesUnreachable, LeakDigest, PasswordPolicy};
use serde_json::json;

use crate::app::{PASSWORD, TestApp};

const CHANGE: &str = "/api/v1/auth/change-password";
const NEW: &str = "Difference-Engine-1822";

#[tokio::test]
async fn acc6_e28_the_other_sessions_end_in_the_same_millisecond_and_this_one_goes_on() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let elsewhere = app.anon().sign_in("ada@example.com", PASSWORD).await;
    elsewhere.validate().await.is(200);
    ada.post(
        CHANGE,
        json!({ "currentPassword": PASSWORD, "newPassword": NEW }),
    )
    .await
    .is(204);
    // The clock has not moved.
    elsewhere.validate().await.refuses(401, "token_revoked");
    elsewhere
        .refresh()
        .await
        .refuses(401, "refresh_token_invalid");
    ada.validate().await.is(200);
    ada.refreshed().await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    app.anon()
        .post("/api/v1/auth/login", body)
        .await
        .refuses(401, "invalid_credentials");
    app.anon().sign_in("ada@example.com", NEW).await;
    let kinds: Vec<EventKind> = app
        .events(ada.id())
        .await
        .iter()
        .map(|event| event.kind)
        .collect();
    assert!(kinds.contains(&EventKind::PasswordChanged));
}

#[tokio::test]
async fn acc6_the_current_password_is_needed_and_the_new_one_must_be_acceptable() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let change = async |current: &str, new: &str| {
        ada.post(
            CHANGE,
            json!({ "currentPassword": current, "newPassword": new }),
        )
        .await
    };
    change("Not-the-password-1", NEW)
        .await
        .refuses_field("/currentPassword", "wrong_password");
    change("", NEW)
        .await
        .refuses_field("/currentPassword", "wrong_password");
    change(&"x".repeat(2000), NEW)
        .await
        .refuses_field("/currentPassword", "too_long");
    change(PASSWORD, PASSWORD)
        .await
        .refuses_field("/newPassword", "unchanged");
    change(PASSWORD, "Password1!")
        .await
        .refuses_field("/newPassword", "common");
    change(PASSWORD, "").await.refuses(422, "validation_failed");
    change(PASSWORD, &"Aa1!".repeat(300))
        .await
        .refuses_field("/newPassword", "too_long");
    app.anon()
        .post(
            CHANGE,
            json!({ "currentPassword": PASSWORD, "newPassword": NEW }),
        )
        .await
        .refuses(401, "token_missing");
    ada.validate().await.is(200);
    app.anon().sign_in("ada@example.com", PASSWORD).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn acc6_of_many_changes_at_once_one_takes() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let answers = join_all((0..8).map(|index| {
        let ada = ada.clone();
        tokio::spawn(async move {
            let new = format!("Difference-Engine-182{index}");
            (
                ada.post(
                    CHANGE,
                    json!({ "currentPassword": PASSWORD, "newPassword": new }),
                )
                .await,
                new,
            )
        })
    }))
    .await;
    let mut taken = Vec::new();
    for answer in answers {
        let (answer, new) = answer.unwrap();
        match answer.status.as_u16() {
            204 => taken.push(new),
            // Of guesses at a password only so many are under way at once.
            429 => answer.refuses(429, "rate_limited"),
            _ => answer.refuses_field("/currentPassword", "wrong_password"),
        }
    }
    assert_eq!(taken.len(), 1);
    // Those that came too late were wrong passwords by then, from this address.
    let elsewhere = app.anon().at("203.0.113.9");
    elsewhere.sign_in("ada@example.com", &taken[0]).await;
}

#[tokio::test]
async fn acc4_a_form_is_told_the_rules() {
    let app = TestApp::new().await;
    let told = app
        .anon()
        .get("/api/v1/auth/password-policy")
        .await
        .is(200)
        .json();
    assert_eq!(
        (&told["minLength"], &told["maxLength"]),
        (&json!(8), &json!(128))
    );
    assert_eq!(
        told["require"],
        json!(["upper", "lower", "digit", "special"])
    );

    let app = TestApp::builder()
        .rules(|rules| rules.password = PasswordPolicy::nist())
        .build()
        .await;
    let told = app
        .anon()
        .get("/api/v1/auth/password-policy")
        .await
        .is(200)
        .json();
    assert_eq!(
        (&told["minLength"], &told["require"]),
        (&json!(15), &json!([]))
    );
    let body = json!({ "email": "ada@example.com", "password": "Ab1!efgh" });
    app.anon()
        .post("/api/v1/auth/register", body)
        .await
        .refuses_field("/password", "too_short");
    let body = json!({ "email": "ada@example.com", "password": "a long walk by the quiet river" });
    app.anon().post("/api/v1/auth/register", body).await.is(201);
}

/// Knows one stolen password, or can be asked nothing.
struct OneStolen(Option<&'static str>);

#[async_trait::async_trait]
impl Breaches for OneStolen {
    async fn know(&self, digest: &LeakDigest) -> Result<bool, BreachesUnreachable> {
        match self.0 {
            Some(stolen) => Ok(*digest == LeakDigest::of_text(stolen)),
            None => Err(BreachesUnreachable("switched off by a test".into())),
        }
    }
}

#[tokio::test]
async fn v6_2_12_a_stolen_password_is_refused_wherever_one_is_chosen() {
    let app = TestApp::builder()
        .breaches(Arc::new(OneStolen(Some(NEW))))
        .build()
        .await;
    let (ada, admin) = (app.user("ada").await, app.admin().await);
    let body = json!({ "currentPassword": PASSWORD, "newPassword": NEW });
    ada.post(CHANGE, body)
        .await
        .refuses_field("/newPassword", "breached");
    let body = json!({ "email": "bob@example.com", "password": NEW });
    app.anon()
        .post("/api/v1/auth/register", body.clone())
        .await
        .refuses_field("/password", "breached");
    admin
        .post("/api/v1/users", body)
        .await
        .refuses_field("/password", "breached");
    app.anon().sign_in("ada@example.com", PASSWORD).await;
}

#[tokio::test]
async fn v6_2_12_where_a_look_up_must_be_possible_an_outage_is_told() {
    let app = TestApp::builder()
        .breaches(Arc::new(OneStolen(None)))
        .build()
        .await;
    let body = json!({ "email": "bob@example.com", "password": NEW });
    app.anon()
        .post("/api/v1/auth/register", body)
        .await
        .refuses(503, "unavailable");
}

#[tokio::test]
async fn v6_2_11_words_of_the_house_and_a_list_of_its_own_are_refused() {
    let app = TestApp::builder()
        .rules(|rules| {
            rules.password.context = vec!["Initech".to_owned()];
            rules.password.blocklist = ["vwq-zrx-ktp-9".to_owned()].into();
        })
        .build()
        .await;
    for (password, code) in [
        ("Initech2026!", "contains_context"),
        ("My-iNiTeCh-2026", "contains_context"),
        ("VWQ-zrx-ktp-9", "common"),
    ] {
        let body = json!({ "email": "bob@example.com", "password": password });
        app.anon()
            .post("/api/v1/auth/register", body)
            .await
            .refuses_field("/password", code);
    }
}
