//! What people agree to, and that they may change their mind (ACC-11).

use ntt_auth_core::model::{DocumentVersion, EventKind};
use serde_json::{Value, json};

use crate::app::{PASSWORD, Principal, TestApp};

const CONSENTS: &str = "/api/v1/users/me/consents";
const REGISTER: &str = "/api/v1/auth/register";

async fn asking() -> TestApp {
    let documents = |names: &[&str]| {
        names
            .iter()
            .map(|name| DocumentVersion::parse(name).unwrap())
            .collect()
    };
    let (required, optional) = (documents(&["terms:2", "privacy:1"]), documents(&["news:1"]));
    TestApp::builder()
        .rules(|rules| {
            rules.accounts.consents = required;
            rules.accounts.optional_consents = optional;
        })
        .build()
        .await
}

fn registration(consents: &Value) -> Value {
    json!({ "email": "ada@example.com", "password": PASSWORD, "consents": consents })
}

async fn listed(holder: &Principal) -> Vec<(String, bool)> {
    let list = holder.get(CONSENTS).await.is(200).json();
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let document = item["document"].as_str().unwrap().to_owned();
            (document, item["withdrawnAt"].is_null())
        })
        .collect()
}

#[tokio::test]
async fn acc11_nobody_registers_without_the_consents_that_are_required() {
    let app = asking().await;
    let documents = app
        .anon()
        .get("/api/v1/auth/documents")
        .await
        .is(200)
        .json();
    assert_eq!(
        documents["items"],
        json!([
            { "document": "terms:2", "required": true },
            { "document": "privacy:1", "required": true },
            { "document": "news:1", "required": false },
        ])
    );
    let anon = app.anon();
    for (consents, mistakes) in [
        (json!(null), vec![("/consents", "consent_required"); 2]),
        (json!(["terms:2"]), vec![("/consents", "consent_required")]),
        (
            json!(["terms:1", "privacy:1", "tea:1", "nonsense"]),
            vec![
                ("/consents/0", "other_version"),
                ("/consents/2", "unknown_document"),
                ("/consents/3", "invalid_document"),
                ("/consents", "consent_required"),
            ],
        ),
    ] {
        let refused = anon.post(REGISTER, registration(&consents)).await;
        refused.refuses(422, "validation_failed");
        let found = refused.mistakes();
        let found: Vec<_> = found
            .iter()
            .map(|(field, code)| (field.as_str(), code.as_str()))
            .collect();
        assert_eq!(found, mistakes);
    }
    // With the other mistakes, in one answer.
    let both = json!({ "email": "ada@example.com", "password": "a", "consents": ["terms:2"] });
    let refused = anon.post(REGISTER, both).await;
    assert!(
        refused
            .mistakes()
            .contains(&("/consents".to_owned(), "consent_required".to_owned()))
    );
    assert!(
        refused
            .mistakes()
            .iter()
            .any(|(field, _)| field == "/password")
    );
    assert_eq!(app.accounts().await, 0);

    anon.post(
        REGISTER,
        registration(&json!(["terms:2", "privacy:1", "terms:2"])),
    )
    .await
    .is(201);
    let ada = anon.sign_in("ada@example.com", PASSWORD).await;
    // Both were given in the same moment.
    let mut both = listed(&ada).await;
    both.sort();
    assert_eq!(
        both,
        [("privacy:1".to_owned(), true), ("terms:2".to_owned(), true)]
    );
    let list = ada.get(CONSENTS).await.json();
    assert_eq!(list["items"][0]["givenFrom"], "198.51.100.1");
    let kinds: Vec<_> = app.events(ada.id()).await;
    let given = kinds
        .iter()
        .filter(|event| event.kind == EventKind::ConsentGiven)
        .count();
    assert_eq!(given, 2);
}

#[tokio::test]
async fn acc11_a_consent_is_given_once_and_withdrawn_and_given_again() {
    let app = asking().await;
    let ada = app.user("ada").await;
    let give = async |document: &str| ada.post(CONSENTS, json!({ "document": document })).await;
    let first = give("news:1").await.is(201).json();
    assert_eq!(give("news:1").await.is(200).json(), first);
    ada.delete("/api/v1/users/me/consents/news").await.is(204);
    ada.delete("/api/v1/users/me/consents/news")
        .await
        .refuses(404, "not_found");
    app.clock.advance(std::time::Duration::from_millis(1));
    let again = give("news:1").await.is(201).json();
    assert_ne!(again["consentId"], first["consentId"]);
    assert_eq!(
        listed(&ada).await,
        [("news:1".to_owned(), false), ("news:1".to_owned(), true)]
    );
    give("terms:1")
        .await
        .refuses_field("/document", "other_version");
    give("tea:1")
        .await
        .refuses_field("/document", "unknown_document");
    give("news")
        .await
        .refuses_field("/document", "invalid_document");
    for document in ["tea", "ada@example.com", "%00", "..%2fme"] {
        ada.delete(&format!("{CONSENTS}/{document}"))
            .await
            .refuses(404, "not_found");
    }
    // Another's are another's.
    let bob = app.user("bob").await;
    assert_eq!(listed(&bob).await, []);
    bob.delete("/api/v1/users/me/consents/news")
        .await
        .refuses(404, "not_found");
}

#[tokio::test]
async fn acc11_consents_go_with_the_account() {
    let app = asking().await;
    let ada = app.user("ada").await;
    ada.post(CONSENTS, json!({ "document": "news:1" }))
        .await
        .is(201);
    ada.post(
        "/api/v1/users/me/erase",
        json!({ "currentPassword": PASSWORD }),
    )
    .await
    .is(204);
    let mut read = app.auth.store().read();
    assert_eq!(read.consents().of_user(ada.id()).await.unwrap(), []);
}
