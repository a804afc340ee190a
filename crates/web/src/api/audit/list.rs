//! `GET /api/v1/audit-events`

use std::net::IpAddr;
use std::str::FromStr;

use axum::extract::State;
use ntt_auth_core::flow::{AuditSearch, ListAuditEvents};
use ntt_auth_core::model::{EventKind, FieldErrors, Invalid, Outcome, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::App;
use crate::api::schema::{ANY, AuditEventList, BEARER, QUERY, outcome_schema, refusals};
use crate::extract::{May, Query, may};
use crate::problem::{Problem, ProblemCode};

refusals!(QUERY, BEARER, &[ProblemCode::Forbidden], ANY);

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// Which security events. All filters given must hold.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Is of one of these kinds, with commas between them.
    #[param(example = "signed_in,sign_in_failed")]
    kind: Option<String>,
    /// Was done by this user.
    #[param(format = Uuid, example = "0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f")]
    actor_id: Option<String>,
    /// Was done to this user.
    #[param(format = Uuid, example = "0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f")]
    subject_id: Option<String>,
    /// Happened in or to this session.
    #[param(format = Uuid, example = "0199a6f2-8d41-7e0a-8c3b-6f5e4d3c2b1a")]
    session_id: Option<String>,
    /// Went like this.
    #[param(schema_with = outcome_schema, required = false)]
    result: Option<String>,
    /// Came from this address. Not for moderators, from whom addresses are hidden.
    #[param(example = "203.0.113.7")]
    ip_address: Option<String>,
    /// Happened at or after this time.
    #[param(format = DateTime, example = "2026-01-01T00:00:00Z")]
    after: Option<String>,
    /// Happened before this time.
    #[param(format = DateTime, example = "2026-02-01T00:00:00Z")]
    before: Option<String>,
    /// How many at most; 50 if left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// List security events
///
/// The newest first: who did what to whom, when, from where, and how it went. Moderators see them without `ipAddress`,
/// `userAgent` and `requestId`. `docs/AUDIT.md` tells what each kind means, and how the events are chained so that
/// nobody changes them unseen.
#[utoipa::path(
    get,
    path = "/api/v1/audit-events",
    tag = "System",
    security(("bearer" = [])),
    params(AuditQuery),
    responses((status = 200, description = "One page.", body = AuditEventList), Refusals),
)]
pub(crate) async fn list_audit_events(
    State(app): State<App>,
    may: May<may::ReadSystem>,
    query: Query<AuditQuery>,
) -> Result<axum::Json<AuditEventList>, Problem> {
    let Query(query) = query;
    let list = ListAuditEvents {
        actor: may.0,
        search: query.search().map_err(Problem::invalid)?,
        limit: query.limit.unwrap_or(DEFAULT_LIMIT),
        cursor: query.cursor,
    };
    let page = list.run(&app.auth).await?;
    Ok(axum::Json(AuditEventList::of(page)))
}

impl AuditQuery {
    fn search(&self) -> Result<AuditSearch, FieldErrors> {
        let mut errors = FieldErrors::new();
        if self
            .limit
            .is_some_and(|limit| !(1..=MAX_LIMIT).contains(&limit))
        {
            errors.add(
                "/limit",
                Invalid::with("out_of_range", format!("A limit is 1 to {MAX_LIMIT}.")),
            );
        }
        let mut kinds = Vec::new();
        for name in self.kind.iter().flat_map(|names| names.split(',')) {
            match name.parse::<EventKind>() {
                Ok(kind) if kinds.contains(&kind) => {}
                Ok(kind) => kinds.push(kind),
                Err(()) => {
                    errors.add(
                        "/kind",
                        Invalid::new("unknown_value", "There is no such kind of event."),
                    );
                    break;
                }
            }
        }
        let outcome = self.result.as_deref().and_then(|name| {
            let known = Outcome::ALL.into_iter().find(|it| it.as_str() == name);
            errors.take(
                "/result",
                known.ok_or(Invalid::new(
                    "unknown_value",
                    "A result is success, failure or denied.",
                )),
            )
        });
        let search = AuditSearch {
            kinds,
            actor: id(&mut errors, "/actorId", self.actor_id.as_deref()),
            subject: id(&mut errors, "/subjectId", self.subject_id.as_deref()),
            session: id(&mut errors, "/sessionId", self.session_id.as_deref()),
            outcome,
            ip_address: self.ip_address.as_deref().and_then(|text| {
                let invalid = Invalid::new("invalid_address", "This is not an IP address.");
                errors.take("/ipAddress", text.parse::<IpAddr>().map_err(|_| invalid))
            }),
            after: time(&mut errors, "/after", self.after.as_deref()),
            before: time(&mut errors, "/before", self.before.as_deref()),
        };
        match errors.is_empty() {
            true => Ok(search),
            false => Err(errors),
        }
    }
}

fn id<T: FromStr>(errors: &mut FieldErrors, field: &'static str, text: Option<&str>) -> Option<T> {
    let invalid = Invalid::new("invalid_id", "An id is a UUID in lower case.");
    text.and_then(|text| errors.take(field, text.parse().map_err(|_| invalid)))
}

fn time(errors: &mut FieldErrors, field: &'static str, text: Option<&str>) -> Option<Timestamp> {
    let invalid = Invalid::new(
        "invalid_time",
        "A time is in RFC 3339 form, e.g. 2030-01-01T00:00:00Z.",
    );
    text.and_then(|text| errors.take(field, Timestamp::parse(text).ok_or(invalid)))
}
