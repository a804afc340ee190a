//! `ntt-auth audit list`

use std::net::IpAddr;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use ntt_auth_core::flow::{Actor, AuditEvent, AuditSearch, ListAuditEvents};
use ntt_auth_core::model::{EventKind, Outcome, SessionId, Timestamp};
use serde_json::{Value, json};

use super::super::table::{Column, Table};
use super::super::{Failure, open, print};
use super::{named, time};
use crate::settings::Settings;

/// Events read from the store at one time.
const PAGE: u32 = 200;

#[derive(Debug, Args)]
pub(in super::super) struct List {
    /// Of this kind; may be given again
    #[arg(long, value_parser = kind(), hide_possible_values = true)]
    kind: Vec<EventKind>,
    /// Done by this account: email address, user name or id
    #[arg(long, value_name = "USER")]
    actor: Option<String>,
    /// Done to this account: email address, user name or id
    #[arg(long, value_name = "USER")]
    subject: Option<String>,
    /// In or to this session
    #[arg(long)]
    session: Option<SessionId>,
    /// Which went like this
    #[arg(long, value_parser = outcome())]
    result: Option<Outcome>,
    /// From this address
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<IpAddr>,
    /// At or after this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    after: Option<Timestamp>,
    /// Before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    before: Option<Timestamp>,
    /// How many at most; 0 for all
    #[arg(long, default_value_t = 100)]
    limit: u64,
    /// Print JSON, one event a line
    #[arg(long)]
    json: bool,
}

/// Reads a kind of event.
fn kind() -> impl TypedValueParser<Value = EventKind> {
    PossibleValuesParser::new(EventKind::ALL.iter().copied().map(EventKind::as_str))
        .try_map(|name| name.parse::<EventKind>().map_err(|()| "no such kind"))
}

/// Reads how an event went.
fn outcome() -> impl TypedValueParser<Value = Outcome> {
    PossibleValuesParser::new(Outcome::ALL.map(Outcome::as_str)).try_map(|name| {
        Outcome::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == name)
            .ok_or("no such result")
    })
}

const TABLE: Table<7> = Table([
    Column("SEQUENCE", 8),
    Column("TIME", 24),
    Column("RESULT", 7),
    Column("KIND", 20),
    Column("SUBJECT", 36),
    Column("ADDRESS", 15),
    Column("DETAIL", 0),
]);

pub(super) async fn run(which: List, settings: &Settings) -> Result<(), Failure> {
    let auth = open(settings).await?.auth;
    let search = AuditSearch {
        actor: named(&auth, which.actor.as_ref()).await?,
        subject: named(&auth, which.subject.as_ref()).await?,
        kinds: which.kind,
        session: which.session,
        outcome: which.result,
        ip_address: which.ip,
        after: which.after,
        before: which.before,
    };
    if !which.json {
        print(&TABLE.head())?;
    }
    let mut left = match which.limit {
        0 => u64::MAX,
        limit => limit,
    };
    let mut cursor = None;
    while left > 0 {
        let limit = u32::try_from(left).map_or(PAGE, |left| left.min(PAGE));
        let list = ListAuditEvents {
            actor: Actor::Operator,
            search: search.clone(),
            cursor: cursor.take(),
            limit,
        };
        let page = list.run(&auth).await?;
        left = left.saturating_sub(limit.into());
        let lines = page.events.iter().map(|event| match which.json {
            true => format!("{}\n", json_of(event)),
            false => row(event),
        });
        print(&lines.collect::<Vec<_>>().concat())?;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(())
}

fn row(event: &AuditEvent) -> String {
    let subject = match event.subject.or(event.actor) {
        Some(id) => id.to_string(),
        None if event.erased => "(erased)".to_owned(),
        None => "-".to_owned(),
    };
    TABLE.row([
        &event.sequence.to_string(),
        &event.at.to_string(),
        event.outcome().map_or("-", Outcome::as_str),
        &event.kind,
        &subject,
        &event
            .ip_address
            .map_or_else(|| "-".to_owned(), |address| address.to_string()),
        event.detail.as_deref().unwrap_or("-"),
    ])
}

/// An event as the API shows it.
pub(super) fn json_of(event: &AuditEvent) -> Value {
    json!({
        "eventId": event.id,
        "sequence": event.sequence,
        "kind": event.kind,
        "result": event.outcome(),
        "occurredAt": event.at,
        "actorId": event.actor,
        "subjectId": event.subject,
        "sessionId": event.session,
        "ipAddress": event.ip_address,
        "userAgent": event.user_agent,
        "requestId": event.request_id,
        "detail": event.detail,
        "erased": event.erased,
    })
}
