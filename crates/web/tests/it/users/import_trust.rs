//! What an import takes from whoever came before, and what it does not take from its file.

use std::sync::Arc;

use ntt_auth_core::flow::Measure;
use ntt_auth_core::model::{EventKind, UserId};
use ntt_auth_core::password::{Breaches, BreachesUnreachable, LeakDigest};
use serde_json::{Value, json};

use super::import::{PASSWORD, counts, imported, of, problems};
use crate::app::{PASSWORD as HERS, TestApp, link};

/// Rows with a hash of [`PASSWORD`].
const HASHES: &[u8] = include_bytes!("../../../../../e2e/fixtures/moving/auth0-hashes.ndjson");

/// Says that an address is its user's.
pub(super) async fn verify(app: &TestApp, user: UserId) {
    app.operate(user, Measure::VerifyEmail).await;
}

#[tokio::test]
async fn e12_who_registered_with_anothers_address_is_out_when_its_owner_moves_in() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let hash = HASHES;
    let hash: Value =
        serde_json::from_slice(hash.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    let hash = &hash["passwordHash"];
    let with = app.user("with").await;
    let without = app.user("without").await;
    let elsewhere = app.anon().sign_in("without@example.com", HERS).await;
    let unproven = app.user("unproven").await;
    let body = json!({ "newEmail": "thief@example.com", "currentPassword": HERS });
    with.post("/api/v1/auth/change-email", body).await.is(202);
    let mails = app.mails().await;
    let token = mails
        .iter()
        .find(|mail| mail.letter.name() == "confirm-email-change")
        .map(|mail| link(&mail.letter).1.to_owned())
        .unwrap();
    let file = [
        json!({ "email": "with@example.com", "isEmailVerified": true, "passwordHash": hash }),
        json!({ "email": "without@example.com", "isEmailVerified": true }),
        // Nobody says of these that the address is theirs, or power was given to them already.
        json!({ "email": "unproven@example.com", "passwordHash": hash, "firstName": "U" }),
        json!({ "email": "root@example.com", "isEmailVerified": true, "firstName": "R" }),
    ];
    let file = file.map(|row| row.to_string()).join("\n");
    let report = imported(&root, "format=jsonl&onConflict=update", file).await;
    assert_eq!(counts(&report), [0, 4, 0, 0, 0], "{report}");
    for session in [&with, &without, &elsewhere] {
        session.validate().await.refuses(401, "token_revoked");
        session
            .refresh()
            .await
            .refuses(401, "refresh_token_invalid");
    }
    for name in ["with", "without"] {
        let body = json!({ "email": format!("{name}@example.com"), "password": HERS });
        app.anon()
            .post("/api/v1/auth/login", body)
            .await
            .refuses(401, "invalid_credentials");
    }
    let body = json!({ "token": token });
    app.anon()
        .post("/api/v1/auth/confirm-email-change", body)
        .await
        .refuses_field("/token", "invalid_link");
    app.anon().sign_in("with@example.com", PASSWORD).await;
    let stored = app.stored(without.id()).await;
    assert!(stored.email_verified_at.is_some() && stored.password.is_none());
    for (user, detail) in [(&with, "import: replaced"), (&without, "import: removed")] {
        let events = app.events(user.id()).await;
        let set = events
            .iter()
            .find(|event| event.kind == EventKind::PasswordSet)
            .unwrap();
        assert_eq!(set.detail.as_deref(), Some(detail));
        assert_eq!(set.actor, Some(root.id()));
    }
    for other in [&unproven, &root] {
        assert!(app.stored(other.id()).await.email_verified_at.is_none());
        other.validate().await.is(200);
    }
    app.anon().sign_in("unproven@example.com", HERS).await;
    app.anon().sign_in("root@example.com", HERS).await;
}

struct OneStolen(&'static str);

#[async_trait::async_trait]
impl Breaches for OneStolen {
    async fn know(&self, digest: &LeakDigest) -> Result<bool, BreachesUnreachable> {
        Ok(*digest == LeakDigest::of_text(self.0))
    }
}

#[tokio::test]
async fn v6_2_12_stolen_passwords_in_plain_do_not_move_in() {
    let app = TestApp::builder()
        .breaches(Arc::new(OneStolen("Jacquard-Loom-1804")))
        .build()
        .await;
    let root = app.super_admin().await;
    let csv = "email,password\nold@example.org,Jacquard-Loom-1804\nnew@example.org,Difference-Engine-1822\n";
    for query in ["format=csv&dryRun=true", "format=csv"] {
        let report = imported(&root, query, csv).await;
        assert_eq!(counts(&report), [1, 0, 0, 0, 1], "{report}");
        let told = (1, "/password".to_owned(), "breached".to_owned());
        assert_eq!(problems(&report), [told]);
        assert!(of(&app, "old@example.org").await.is_none());
    }
    app.anon()
        .sign_in("new@example.org", "Difference-Engine-1822")
        .await;
    let report = imported(&root, "format=csv&onInvalid=drop", csv).await;
    assert_eq!(counts(&report), [1, 0, 1, 0, 0], "{report}");
    let old = of(&app, "old@example.org").await.unwrap();
    assert!(old.password.is_none());
}
