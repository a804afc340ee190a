//! What people come to in other ways than by a good request, and what the operator does to them.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use ntt_auth_core::flow::{
    Actor, EndSessionOf, LinkToSend, ManageUser, Measure, SendLink, hash_new, offer_set_up,
};
use ntt_auth_core::model::{Client, DocumentVersion, Role, User};
use ntt_auth_core::password::{HasherError, Plain};
use ntt_auth_core::secret::PasswordHash;
use serde_json::{Value, json};

use super::{GUESS, Left, NOTHING, Scene, answers, told};
use crate::app::{Answer, Failing, PASSWORD, Principal, TestApp};
use crate::mail::registered;

const LOGIN: &str = "/api/v1/auth/login";
const WRONG: &str = "Not-the-password-1";
/// [`PASSWORD`], as Django kept it.
const OF_DJANGO: &str =
    "pbkdf2_sha256$1000$saltsaltsalt$WpjyHbq+WUNq0x6sb+fxERku78qg8+ko6vxMxkdi5xI=";

impl Scene {
    /// As [`Scene::hold`], for a request with a body that comes to be answered with this status.
    async fn holds_post(&self, left: Left, who: &Principal, path: &str, body: Value, status: u16) {
        let place = format!("{path} {body}");
        let attempt = async || answers(&who.post(path, body.clone()).await, status);
        let writes = self.hold(&place, left, attempt).await;
        assert!(writes > 0, "{place}");
    }

    /// As [`Scene::hold`], for what the operator does.
    async fn holds_measure(&self, user: &User, measure: Measure) {
        let attempt = async || {
            let manage = ManageUser {
                actor: Actor::Operator,
                user: user.id,
                measure: measure.clone(),
                client: Client::default(),
            };
            told(manage.run(&self.app.auth).await)
        };
        let writes = self.hold(&format!("{measure:?}"), NOTHING, attempt).await;
        assert!(writes > 0, "{measure:?}");
    }
}

#[tokio::test]
async fn v2_3_3_a_fault_in_a_sign_in_or_its_end_leaves_nothing_half_done() {
    let scene = Scene::of(TestApp::builder()).await;
    let app = &scene.app;
    let ada = app.user("ada").await;
    let login = |password: &str| json!({ "email": "ada@example.com", "password": password });
    let anon = app.anon();
    scene
        .holds_post(GUESS, &anon, LOGIN, login(WRONG), 401)
        .await;
    let nobody = json!({ "identifier": "nobody", "password": WRONG });
    scene.holds_post(GUESS, &anon, LOGIN, nobody, 401).await;
    let change = json!({ "currentPassword": WRONG, "newPassword": "Difference-Engine-1822" });
    let path = "/api/v1/auth/change-password";
    scene.holds_post(GUESS, &ada, path, change, 422).await;

    // From elsewhere, of which the owner is told.
    let elsewhere = app.anon().at("203.0.113.9").with_agent("elsewhere/1");
    scene
        .holds_post(GUESS, &elsewhere, LOGIN, login(PASSWORD), 200)
        .await;
    assert_eq!(app.mail().await.letter.name(), "new-device");

    // With a hash that is made anew.
    let moved = app.account("moved", Role::User).await;
    let foreign = Measure::SetPassword(PasswordHash::new(OF_DJANGO.to_owned()));
    app.operate(moved.id, foreign).await;
    let body = json!({ "email": "moved@example.com", "password": PASSWORD });
    scene.holds_post(GUESS, &anon, LOGIN, body, 200).await;
    let hash = app.stored(moved.id).await.password.unwrap();
    assert!(hash.expose().starts_with("$2"), "{}", hash.expose());

    // A token that was used before ends its session.
    let stolen = ada.clone();
    ada.refreshed().await;
    app.clock.advance(Duration::from_hours(1));
    let body = json!({ "refreshToken": stolen.refresh });
    scene
        .holds_post(NOTHING, &anon, "/api/v1/auth/refresh", body, 401)
        .await;

    // Two sessions at once.
    let one = anon.sign_in("ada@example.com", PASSWORD).await;
    let other = anon.sign_in("ada@example.com", PASSWORD).await;
    let body = json!({ "refreshToken": other.refresh });
    scene
        .holds_post(NOTHING, &one, "/api/v1/auth/logout", body, 204)
        .await;
    for session in [&one, &other] {
        session.validate().await.refuses(401, "token_revoked");
    }
    scene.is_whole().await;
}

#[tokio::test]
async fn v2_3_3_a_fault_while_a_guess_is_taken_back_leaves_nothing_half_done() {
    let overloaded = HasherError::Overloaded {
        retry_after_secs: 3,
    };
    let builder = TestApp::builder().hasher(Arc::new(Failing(overloaded)));
    let scene = Scene::of(builder).await;
    let login = json!({ "identifier": "nobody", "password": WRONG });
    let anon = scene.app.anon();
    scene.holds_post(GUESS, &anon, LOGIN, login, 503).await;
}

#[tokio::test]
async fn v2_3_3_a_fault_in_a_registration_leaves_nothing_half_done() {
    let terms = DocumentVersion::parse("terms:1").unwrap();
    let builder = TestApp::builder().rules(|rules| {
        rules.accounts.verification_required = true;
        rules.accounts.enumeration_protection = true;
        rules.accounts.consents = vec![terms];
    });
    let scene = Scene::of(builder).await;
    let anon = scene.app.anon();
    let path = "/api/v1/auth/register";
    let body = json!({
        "email": "ada@example.com", "username": "ada", "password": PASSWORD, "consents": ["terms:1"],
    });
    scene.holds_post(NOTHING, &anon, path, body, 202).await;
    // Her address, of which she is told, and her name.
    let body = json!({ "email": "ada@example.com", "password": PASSWORD, "consents": ["terms:1"] });
    scene.holds_post(NOTHING, &anon, path, body, 202).await;
    // Who has not shown that the address is theirs is turned away.
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    scene.holds_post(GUESS, &anon, LOGIN, body, 401).await;
    scene.is_whole().await;
}

#[tokio::test]
async fn v2_3_3_a_fault_in_what_the_operator_does_leaves_nothing_half_done() {
    let scene = Scene::of(TestApp::builder()).await;
    let app = &scene.app;
    let offer = async || told(offer_set_up(&app.auth).await);
    assert!(scene.hold("offer_set_up", NOTHING, offer).await > 0);
    let token = offer_set_up(&app.auth).await.unwrap().unwrap();
    let form = format!(
        "token={}&email=root%40example.com&password={PASSWORD}",
        token.expose()
    );
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let set_up = async || -> Result<Answer, String> {
        let anon = app.anon();
        let post = anon.send_raw(Method::POST, "/setup", &kind, form.clone());
        answers(&post.await, 201)
    };
    assert!(scene.hold("POST /setup", NOTHING, set_up).await > 0);

    app.mails().await;
    registered(app, "ada").await;
    let session = app.anon().sign_in("ada@example.com", PASSWORD).await;
    let ada = app.stored(session.id()).await;
    let end = async || {
        let end = EndSessionOf {
            actor: Actor::Operator,
            session: session.session(),
            client: Client::default(),
        };
        told(end.run(&app.auth).await)
    };
    assert!(scene.hold("EndSessionOf", NOTHING, end).await > 0);
    let show = async || {
        let send = SendLink {
            actor: Actor::Operator,
            user: ada.id,
            link: LinkToSend::Reset,
            client: Client::default(),
        };
        told(send.run_and_show(&app.auth).await)
    };
    assert!(scene.hold("SendLink", NOTHING, show).await > 0);
    app.anon().sign_in("ada@example.com", PASSWORD).await;
    scene.holds_measure(&ada, Measure::VerifyEmail).await;
    let new = hash_new(
        &app.auth,
        "",
        Plain::parse("Difference-Engine-1822").unwrap(),
    );
    let new = Measure::SetPassword(new.await.unwrap());
    scene.holds_measure(&ada, new).await;
    app.anon()
        .sign_in("ada@example.com", "Difference-Engine-1822")
        .await;

    let root = app.anon().sign_in("root@example.com", PASSWORD).await;
    let erase = async || {
        let path = format!("/api/v1/users/{}?erase=true", ada.id);
        answers(&root.delete(&path).await, 204)
    };
    let left = Left {
        tidies: true,
        ..NOTHING
    };
    assert!(scene.hold("erase", left, erase).await > 10);
    let gone = root.get(&format!("/api/v1/users/{}", ada.id)).await;
    gone.refuses(404, "not_found");
    scene.is_whole().await;
}
