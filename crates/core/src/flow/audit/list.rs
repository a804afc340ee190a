//! Reading security events.

use std::net::IpAddr;

use crate::audit::{Person, Personal, Persons};
use crate::flow::fault::faults;
use crate::flow::{Actor, Auth, Fault, View};
use crate::model::{
    AuditRecord, EventId, EventKind, Outcome, SecurityEvent, SessionId, Timestamp, UserId,
};
use crate::policy::{Action, Reach};
use crate::store::{AuditFilter, AuditQuery, Read, StoreError};
use crate::token::InvalidCursor;

/// An event as it is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Its place in the chain.
    pub sequence: i64,
    /// Its id.
    pub id: EventId,
    /// The name of its kind.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Option<UserId>,
    /// To whom.
    pub subject: Option<UserId>,
    /// In or to which session.
    pub session: Option<SessionId>,
    /// From where.
    pub ip_address: Option<IpAddr>,
    /// With what.
    pub user_agent: Option<String>,
    /// By which request.
    pub request_id: Option<String>,
    /// A word more.
    pub detail: Option<String>,
    /// Whether somebody it concerned was erased, so that it does not tell any more whom.
    pub erased: bool,
    /// As it stands in the chain.
    pub record: AuditRecord,
}

impl AuditEvent {
    /// How it went; `None` if only a newer program knows the kind.
    pub fn outcome(&self) -> Option<Outcome> {
        self.kind.parse().ok().map(EventKind::outcome)
    }

    /// The event as it was appended; `None` if only a newer program knows the kind.
    pub fn event(&self) -> Option<SecurityEvent> {
        Some(SecurityEvent {
            id: self.id,
            kind: self.kind.parse().ok()?,
            at: self.at,
            actor: self.actor,
            subject: self.subject,
            session: self.session,
            ip_address: self.ip_address,
            user_agent: self.user_agent.clone(),
            request_id: self.request_id.clone(),
            detail: self.detail.clone(),
        })
    }

    /// Without what is contact data.
    fn limited(mut self) -> Self {
        self.ip_address = None;
        self.user_agent = None;
        self.request_id = None;
        self
    }
}

/// Which events are asked for. All that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditSearch {
    /// Of one of these kinds; of any if there is none.
    pub kinds: Vec<EventKind>,
    /// Done by this user.
    pub actor: Option<UserId>,
    /// Done to this user.
    pub subject: Option<UserId>,
    /// In or to this session.
    pub session: Option<SessionId>,
    /// Which went like this.
    pub outcome: Option<Outcome>,
    /// From this address; not for whom contact data is hidden.
    pub ip_address: Option<IpAddr>,
    /// At or after this time.
    pub after: Option<Timestamp>,
    /// Before this time.
    pub before: Option<Timestamp>,
}

/// Lists events in pages, newest first.
#[derive(Debug)]
pub struct ListAuditEvents {
    /// Who asks.
    pub actor: Actor,
    /// For which.
    pub search: AuditSearch,
    /// The cursor of the page before, if this is not the first.
    pub cursor: Option<String>,
    /// How many at most, 1–200.
    pub limit: u32,
}

/// One page.
#[derive(Debug)]
pub struct AuditPage {
    /// The events.
    pub events: Vec<AuditEvent>,
    /// How much of each to show; what is not to be shown is left out already.
    pub view: View,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum ListAuditEventsError {
    /// The actor may not read events, or not search for contact data.
    #[error("this role may not read security events, or not by address")]
    Forbidden,
    /// The cursor is not one of this list.
    #[error("this cursor was not issued for this list")]
    Cursor(InvalidCursor),
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(ListAuditEventsError);

impl ListAuditEvents {
    /// One page, with the cursor of the next.
    pub async fn run(self, auth: &Auth) -> Result<AuditPage, ListAuditEventsError> {
        let view = match Action::ReadSystem.reach(self.actor.role()) {
            Reach::All => View::Full,
            Reach::Limited => View::Limited,
            _ => return Err(ListAuditEventsError::Forbidden),
        };
        // Who may not see addresses must not guess them one by one either.
        if view == View::Limited && self.search.ip_address.is_some() {
            return Err(ListAuditEventsError::Forbidden);
        }
        let list = format!("audit events {:?}", self.search);
        let place = match &self.cursor {
            Some(cursor) => {
                let (millis, sequence) = auth
                    .cursors
                    .decode::<(i64, i64)>(&list, cursor)
                    .map_err(ListAuditEventsError::Cursor)?;
                Some((Timestamp::from_millis(millis), sequence))
            }
            None => None,
        };
        let Some(filter) = self.search.filter(auth) else {
            return Ok(AuditPage {
                events: Vec::new(),
                view,
                next: None,
            });
        };
        let query = AuditQuery {
            filter,
            place,
            limit: self.limit + 1,
        };
        let mut read = auth.store.read();
        let mut records = read.audit().page(&query).await?;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = records.len() > limit;
        records.truncate(limit);
        let next = match records.last() {
            Some(last) if more => Some(
                auth.cursors
                    .encode(&list, &(last.at.millis(), last.sequence)),
            ),
            _ => None,
        };
        let mut events = opened(auth, &mut *read, records).await?;
        if view == View::Limited {
            events = events.into_iter().map(AuditEvent::limited).collect();
        }
        Ok(AuditPage { events, view, next })
    }
}

impl AuditSearch {
    /// As the store is asked; `None` if no event can be one of these.
    fn filter(&self, auth: &Auth) -> Option<AuditFilter> {
        let kinds: Vec<EventKind> = match (self.outcome, self.kinds.as_slice()) {
            (None, kinds) => kinds.to_vec(),
            (Some(outcome), kinds) => EventKind::ALL
                .iter()
                .copied()
                .filter(|kind| kind.outcome() == outcome)
                .filter(|kind| kinds.is_empty() || kinds.contains(kind))
                .collect(),
        };
        if kinds.is_empty() && self.outcome.is_some() {
            return None;
        }
        Some(AuditFilter {
            kinds,
            actor: self.actor,
            subject: self.subject,
            session: self.session,
            address: self
                .ip_address
                .map(|address| auth.trail.chain.address(address)),
            after: self.after,
            before: self.before,
        })
    }
}

/// The newest `limit` events that a user did or that were done to them, newest first.
pub async fn events_about(
    auth: &Auth,
    user: UserId,
    limit: u32,
) -> Result<Vec<AuditEvent>, StoreError> {
    let mut read = auth.store.read();
    let mut records = Vec::new();
    for filter in [
        AuditFilter {
            subject: Some(user),
            ..AuditFilter::default()
        },
        AuditFilter {
            actor: Some(user),
            ..AuditFilter::default()
        },
    ] {
        let query = AuditQuery {
            filter,
            place: None,
            limit,
        };
        records.extend(read.audit().page(&query).await?);
    }
    records.sort_unstable_by_key(|record: &AuditRecord| {
        std::cmp::Reverse((record.at, record.sequence))
    });
    records.dedup_by_key(|record| record.sequence);
    records.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    opened(auth, &mut *read, records).await
}

/// At most `limit` events after `sequence`, in the order of the chain.
pub async fn audit_events_after(
    auth: &Auth,
    sequence: i64,
    limit: u32,
) -> Result<Vec<AuditEvent>, StoreError> {
    let mut read = auth.store.read();
    let records = read.audit().after(sequence, limit).await?;
    opened(auth, &mut *read, records).await
}

/// Decrypts what is personal of those who were not erased.
async fn opened(
    auth: &Auth,
    read: &mut dyn Read,
    records: Vec<AuditRecord>,
) -> Result<Vec<AuditEvent>, StoreError> {
    let trail = &auth.trail;
    let mut persons = Persons::default();
    let mut events = Vec::with_capacity(records.len());
    for record in records {
        let mut erased = false;
        for mark in [record.actor_mark, record.subject_mark]
            .into_iter()
            .flatten()
        {
            let person = persons
                .get(mark, &trail.keys, &trail.chain, read.audit())
                .await?;
            erased |= matches!(person, Person::Erased);
        }
        let key = match record.owner() {
            None => Some(trail.keys.nobody().clone()),
            Some(mark) => match persons
                .get(mark, &trail.keys, &trail.chain, read.audit())
                .await?
            {
                Person::Key(key) => Some(key),
                _ => None,
            },
        };
        // What cannot be opened is shown as absent here; `verify_audit` says why.
        let personal = key
            .zip(record.sealed.as_deref())
            .and_then(|(key, sealed)| Personal::open(&key, record.id, sealed).ok())
            .unwrap_or_default();
        events.push(AuditEvent {
            sequence: record.sequence,
            id: record.id,
            kind: record.kind.clone(),
            at: record.at,
            actor: record.actor,
            subject: record.subject,
            session: record.session,
            ip_address: personal.ip_address,
            user_agent: personal.user_agent,
            request_id: personal.request_id,
            detail: record.detail.clone(),
            erased,
            record,
        });
    }
    Ok(events)
}
