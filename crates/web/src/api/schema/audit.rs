//! Security events.

use ntt_auth_core::flow::{AuditEvent, AuditPage, View};
use ntt_auth_core::model::{EventId, EventKind, Outcome, SessionId, Timestamp, UserId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

/// Something that happened.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEvent, example = json!({
    "eventId": "0199a6f2-8d42-7a11-b5c6-7d8e9fa0b1c2",
    "sequence": 4711,
    "kind": "signed_in",
    "result": "success",
    "occurredAt": "2026-01-02T03:04:05.678Z",
    "actorId": "0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f",
    "subjectId": "0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f",
    "sessionId": "0199a6f2-8d41-7e0a-8c3b-6f5e4d3c2b1a",
    "ipAddress": "203.0.113.7",
    "userAgent": "ExampleApp/3.1 (Android 16)",
    "requestId": "9f1c3a5e7b2d4c60-1a",
    "detail": null,
    "erased": false,
}))]
pub(crate) struct AuditEventBody {
    /// The event's id.
    #[schema(value_type = String, format = Uuid)]
    event_id: EventId,
    /// Its place in the chain: 1, 2, 3 … without gaps.
    sequence: i64,
    /// What happened.
    #[schema(schema_with = kind_schema)]
    kind: String,
    /// How it went.
    #[schema(schema_with = outcome_schema)]
    result: Option<Outcome>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Timestamp,
    /// Who did it; `null` for the server itself, the operator, somebody not signed in, or somebody erased.
    #[schema(value_type = Option<String>, format = Uuid, required)]
    actor_id: Option<UserId>,
    /// To whom; `null` for nobody in particular, or somebody erased.
    #[schema(value_type = Option<String>, format = Uuid, required)]
    subject_id: Option<UserId>,
    /// In or to which session.
    #[schema(value_type = Option<String>, format = Uuid, required)]
    session_id: Option<SessionId>,
    /// From where; left out for moderators, as are the next two.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    ip_address: Option<Option<String>>,
    /// With what, as the client told it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    user_agent: Option<Option<String>>,
    /// By which request, as problems and logs tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    request_id: Option<Option<String>>,
    /// A word more, such as the new role or the reason.
    #[schema(required)]
    detail: Option<String>,
    /// Whether somebody it concerned was erased since, so that it does not tell any more whom.
    erased: bool,
}

/// One page of security events.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditEventList {
    /// The events of this page.
    items: Vec<AuditEventBody>,
    /// Gives the next page as `cursor`; `null` after the last.
    #[schema(required, example = json!(null))]
    next_cursor: Option<String>,
}

impl AuditEventList {
    /// Shows a page as far as it may be shown.
    pub(crate) fn of(page: AuditPage) -> Self {
        let full = page.view == View::Full;
        Self {
            items: page
                .events
                .into_iter()
                .map(|event| AuditEventBody::of(event, full))
                .collect(),
            next_cursor: page.next,
        }
    }
}

impl AuditEventBody {
    fn of(event: AuditEvent, full: bool) -> Self {
        let result = event.outcome();
        Self {
            event_id: event.id,
            sequence: event.sequence,
            kind: event.kind,
            result,
            occurred_at: event.at,
            actor_id: event.actor,
            subject_id: event.subject,
            session_id: event.session,
            ip_address: full.then(|| event.ip_address.map(|address| address.to_string())),
            user_agent: full.then_some(event.user_agent),
            request_id: full.then_some(event.request_id),
            detail: event.detail,
            erased: event.erased,
        }
    }
}

fn kind_schema() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(
            "What happened. A server that was newer for a while may have left other kinds.",
        ))
        .examples([EventKind::SignedIn.as_str()])
        .into()
}

/// The schema of how an event went.
pub(crate) fn outcome_schema() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(
            "`success`: it was done; `failure`: it was tried in vain, or is a sign of an attack; `denied`: it was \
             refused to somebody who may not do it.",
        ))
        .enum_values(Some(Outcome::ALL.map(Outcome::as_str)))
        .examples([Outcome::Success.as_str()])
        .into()
}
