//! `security_events`

use async_trait::async_trait;
use ntt_auth_core::model::{EventId, SecurityEvent, SessionId, UserId};
use ntt_auth_core::store::{Events, ReadEvents, StoreError};

use crate::engine::{Error, Row, Statement};
use crate::view::View;

static OF_SUBJECT: Statement = Statement::new(
    "events.of_subject",
    "SELECT id, kind, occurred_at, actor_id, subject_id, session_id, ip_address, detail FROM security_events \
     WHERE subject_id = ? ORDER BY id DESC LIMIT ?",
);

static APPEND: Statement = Statement::new(
    "events.append",
    "INSERT INTO security_events (id, kind, occurred_at, actor_id, subject_id, session_id, ip_address, detail) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
);

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&OF_SUBJECT, &APPEND];

#[async_trait]
impl ReadEvents for View<'_> {
    async fn of_subject(
        &mut self,
        subject: UserId,
        limit: u32,
    ) -> Result<Vec<SecurityEvent>, StoreError> {
        self.all(&OF_SUBJECT, &[subject.uuid().into(), limit.into()], event)
            .await
    }
}

#[async_trait]
impl Events for View<'_> {
    async fn append(&mut self, event: &SecurityEvent) -> Result<(), StoreError> {
        let values = [
            event.id.uuid().into(),
            event.kind.as_str().into(),
            event.at.into(),
            event.actor.map(UserId::uuid).into(),
            event.subject.map(UserId::uuid).into(),
            event.session.map(SessionId::uuid).into(),
            event.ip_address.map(|address| address.to_string()).into(),
            event.detail.as_deref().into(),
        ];
        self.count(&APPEND, &values).await.map(drop)
    }
}

fn event(mut row: Row) -> Result<SecurityEvent, Error> {
    Ok(SecurityEvent {
        id: EventId::from_uuid(row.id()?),
        kind: row.name()?,
        at: row.time()?,
        actor: row.opt_id()?.map(UserId::from_uuid),
        subject: row.opt_id()?.map(UserId::from_uuid),
        session: row.opt_id()?.map(SessionId::from_uuid),
        ip_address: row.opt_name()?,
        detail: row.opt_text()?,
    })
}
