//! Consents.

use ntt_auth_core::model::{Consent, ConsentId, DocumentVersion, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// A consent to one version of a document.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Consent, example = json!({
    "consentId": "0199a6f2-9a10-7c55-8d21-0f1e2d3c4b5a",
    "document": "terms:2026-01",
    "givenAt": "2026-01-02T03:04:05.678Z",
    "givenFrom": "203.0.113.7",
    "withdrawnAt": null,
    "withdrawnFrom": null,
}))]
pub(crate) struct ConsentBody {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    consent_id: ConsentId,
    /// The document and its version.
    document: String,
    /// When it was given.
    #[schema(value_type = String, format = DateTime)]
    given_at: Timestamp,
    /// The address it was given from.
    #[schema(required)]
    given_from: Option<String>,
    /// When it was withdrawn, if it was.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    withdrawn_at: Option<Timestamp>,
    /// The address it was withdrawn from.
    #[schema(required)]
    withdrawn_from: Option<String>,
}

impl ConsentBody {
    /// Shows `consent`.
    pub(crate) fn of(consent: &Consent) -> Self {
        let address = |from: Option<std::net::IpAddr>| from.map(|address| address.to_string());
        Self {
            consent_id: consent.id,
            document: consent.document.to_string(),
            given_at: consent.given.at,
            given_from: address(consent.given.from),
            withdrawn_at: consent.withdrawn.map(|said| said.at),
            withdrawn_from: address(consent.withdrawn.and_then(|said| said.from)),
        }
    }
}

/// Every consent of a user, withdrawn ones too, in the order they were given.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsentList {
    /// The consents.
    items: Vec<ConsentBody>,
    /// Always `null`: the list has one page.
    #[schema(required, example = json!(null))]
    next_cursor: Option<String>,
}

impl ConsentList {
    /// Shows `consents`.
    pub(crate) fn of(consents: &[Consent]) -> Self {
        Self {
            items: consents.iter().map(ConsentBody::of).collect(),
            next_cursor: None,
        }
    }
}

/// A document that people are asked to agree to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Document, example = json!({ "document": "terms:2026-01", "required": true }))]
pub(crate) struct DocumentBody {
    /// The document and its version.
    document: String,
    /// Whether nobody can register without agreeing to it.
    required: bool,
}

/// The documents that people are asked to agree to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentList {
    /// The documents, required ones first.
    items: Vec<DocumentBody>,
    /// Always `null`: the list has one page.
    #[schema(required, example = json!(null))]
    next_cursor: Option<String>,
}

impl DocumentList {
    /// Shows what is `required` and what is `optional`.
    pub(crate) fn of(required: &[DocumentVersion], optional: &[DocumentVersion]) -> Self {
        let shown = |documents: &[DocumentVersion], required| {
            documents
                .iter()
                .map(|document| DocumentBody {
                    document: document.to_string(),
                    required,
                })
                .collect::<Vec<_>>()
        };
        let mut items = shown(required, true);
        items.extend(shown(optional, false));
        Self {
            items,
            next_cursor: None,
        }
    }
}
