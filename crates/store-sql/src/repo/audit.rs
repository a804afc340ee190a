//! `audit_events`, `audit_head`, `audit_checkpoints`, `subject_keys`, and what is left of `security_events`

use async_trait::async_trait;
use ntt_auth_core::model::{
    AuditHead, AuditRecord, Checkpoint, EventId, Mark, SecurityEvent, SessionId, SubjectKey, UserId,
};
use ntt_auth_core::store::{Audit, AuditQuery, ReadAudit, StoreError};

use super::audit_page;
use crate::engine::{Error, Row, Statement, Value};
use crate::view::View;

/// The columns that [`record`] reads.
macro_rules! columns {
    () => {
        "sequence, id, kind, occurred_at, actor_id, subject_id, session_id, address_mark, actor_mark, subject_mark, \
         session_mark, detail, sealed, hash, mac"
    };
}
pub(super) use columns;

static HEAD: Statement = Statement::new(
    "audit.head",
    "SELECT latest, hash, cut, cut_hash, checkpoint, adopting, mac FROM audit_head WHERE id = 1",
);

static LOCK_HEAD: Statement = Statement::new(
    "audit.lock_head",
    "UPDATE audit_head SET latest = latest WHERE id = 1",
);

static SET_HEAD: Statement = Statement::new(
    "audit.set_head",
    "UPDATE audit_head SET latest = ?, hash = ?, cut = ?, cut_hash = ?, checkpoint = ?, adopting = ?, mac = ? \
     WHERE id = 1",
);

static AFTER: Statement = Statement::new(
    "audit.after",
    concat!(
        "SELECT ",
        columns!(),
        " FROM audit_events WHERE sequence > ? ORDER BY sequence LIMIT ?"
    ),
);

static INSERT: Statement = Statement::new(
    "audit.insert",
    concat!(
        "INSERT INTO audit_events (",
        columns!(),
        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ),
);

static KEY: Statement = Statement::new(
    "audit.key",
    "SELECT mark, sealed, created_at, erased_at, proof FROM subject_keys WHERE mark = ?",
);

static REMOVE_KEY: Statement = Statement::new(
    "audit.remove_key",
    "DELETE FROM subject_keys WHERE mark = ?",
);

static INSERT_KEY: Statement = Statement::new(
    "audit.insert_key",
    "INSERT INTO subject_keys (mark, sealed, created_at, erased_at, proof) VALUES (?, ?, ?, ?, ?)",
);

static BLANK_ACTOR: Statement = Statement::new(
    "audit.blank_actor",
    "UPDATE audit_events SET actor_id = NULL, session_id = NULL, address_mark = NULL WHERE actor_id = ?",
);

static BLANK_SUBJECT: Statement = Statement::new(
    "audit.blank_subject",
    // An event that somebody else did tells of their address, not the subject's.
    "UPDATE audit_events SET subject_id = NULL, session_id = NULL, \
     address_mark = CASE WHEN actor_mark IS NULL THEN NULL ELSE address_mark END WHERE subject_id = ?",
);

static CHECKPOINTS: Statement = Statement::new(
    "audit.checkpoints",
    "SELECT sequence, previous, made_at, hash, key_id, signature FROM audit_checkpoints WHERE sequence > ? \
     ORDER BY sequence LIMIT ?",
);

static INSERT_CHECKPOINT: Statement = Statement::new(
    "audit.insert_checkpoint",
    "INSERT INTO audit_checkpoints (sequence, previous, made_at, hash, key_id, signature) VALUES (?, ?, ?, ?, ?, ?)",
);

static TRIM: Statement =
    Statement::new("audit.trim", "DELETE FROM audit_events WHERE sequence <= ?");

static TRIM_CHECKPOINTS: Statement = Statement::new(
    "audit.trim_checkpoints",
    "DELETE FROM audit_checkpoints WHERE sequence < ?",
);

static UNCHAINED: Statement = Statement::new(
    "audit.unchained",
    "SELECT id, kind, occurred_at, actor_id, subject_id, session_id, ip_address, detail FROM security_events \
     ORDER BY id LIMIT ?",
);

static FORGET_UNCHAINED: Statement = Statement::new(
    "audit.forget_unchained",
    "DELETE FROM security_events WHERE id <= ?",
);

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[
    &HEAD,
    &LOCK_HEAD,
    &SET_HEAD,
    &AFTER,
    &INSERT,
    &KEY,
    &REMOVE_KEY,
    &INSERT_KEY,
    &BLANK_ACTOR,
    &BLANK_SUBJECT,
    &CHECKPOINTS,
    &INSERT_CHECKPOINT,
    &TRIM,
    &TRIM_CHECKPOINTS,
    &UNCHAINED,
    &FORGET_UNCHAINED,
];

#[async_trait]
impl ReadAudit for View<'_> {
    async fn head(&mut self) -> Result<AuditHead, StoreError> {
        self.one(&HEAD, &[], head).await
    }

    async fn after(&mut self, sequence: i64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.all(&AFTER, &[sequence.into(), limit.into()], record)
            .await
    }

    async fn page(&mut self, query: &AuditQuery) -> Result<Vec<AuditRecord>, StoreError> {
        let (statement, values) = audit_page::select(query);
        self.all(&statement, &values, record).await
    }

    async fn key(&mut self, mark: Mark) -> Result<Option<SubjectKey>, StoreError> {
        self.first(&KEY, &[of_mark(Some(mark))], key).await
    }

    async fn checkpoints(
        &mut self,
        sequence: i64,
        limit: u32,
    ) -> Result<Vec<Checkpoint>, StoreError> {
        self.all(&CHECKPOINTS, &[sequence.into(), limit.into()], checkpoint)
            .await
    }

    async fn unchained(&mut self, limit: u32) -> Result<Vec<SecurityEvent>, StoreError> {
        self.all(&UNCHAINED, &[limit.into()], unchained).await
    }
}

#[async_trait]
impl Audit for View<'_> {
    async fn lock_head(&mut self) -> Result<AuditHead, StoreError> {
        // The row stays locked until the commit, so events are committed in the order of their sequences.
        self.count(&LOCK_HEAD, &[]).await?;
        self.head().await
    }

    async fn set_head(&mut self, head: &AuditHead) -> Result<(), StoreError> {
        let values = [
            head.latest.into(),
            head.hash.as_slice().into(),
            head.cut.into(),
            head.cut_hash.as_slice().into(),
            head.checkpoint.into(),
            head.adopting.into(),
            head.mac.as_ref().map(<[u8; 32]>::as_slice).into(),
        ];
        self.count(&SET_HEAD, &values).await.map(drop)
    }

    async fn insert(&mut self, record: &AuditRecord) -> Result<(), StoreError> {
        let values = [
            record.sequence.into(),
            record.id.uuid().into(),
            record.kind.as_str().into(),
            record.at.into(),
            record.actor.map(UserId::uuid).into(),
            record.subject.map(UserId::uuid).into(),
            record.session.map(SessionId::uuid).into(),
            of_mark(record.address_mark),
            of_mark(record.actor_mark),
            of_mark(record.subject_mark),
            of_mark(record.session_mark),
            record.detail.as_deref().into(),
            record.sealed.as_deref().into(),
            record.hash.as_slice().into(),
            record.mac.as_slice().into(),
        ];
        self.count(&INSERT, &values).await.map(drop)
    }

    async fn put_key(&mut self, key: &SubjectKey) -> Result<(), StoreError> {
        self.count(&REMOVE_KEY, &[of_mark(Some(key.mark))]).await?;
        let values = [
            of_mark(Some(key.mark)),
            key.sealed.as_deref().into(),
            key.created_at.into(),
            key.erased_at.into(),
            key.proof.as_ref().map(<[u8; 32]>::as_slice).into(),
        ];
        self.count(&INSERT_KEY, &values).await.map(drop)
    }

    async fn blank(&mut self, user: UserId) -> Result<u64, StoreError> {
        let user = [user.uuid().into()];
        Ok(self.count(&BLANK_ACTOR, &user).await? + self.count(&BLANK_SUBJECT, &user).await?)
    }

    async fn insert_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let values = [
            checkpoint.sequence.into(),
            checkpoint.previous.into(),
            checkpoint.at.into(),
            checkpoint.hash.as_slice().into(),
            checkpoint.key.as_str().into(),
            checkpoint.signature.as_slice().into(),
        ];
        self.count(&INSERT_CHECKPOINT, &values).await.map(drop)
    }

    async fn trim(&mut self, sequence: i64) -> Result<u64, StoreError> {
        self.count(&TRIM, &[sequence.into()]).await
    }

    async fn trim_checkpoints(&mut self, sequence: i64) -> Result<u64, StoreError> {
        self.count(&TRIM_CHECKPOINTS, &[sequence.into()]).await
    }

    async fn forget_unchained(&mut self, id: EventId) -> Result<u64, StoreError> {
        self.count(&FORGET_UNCHAINED, &[id.uuid().into()]).await
    }
}

fn of_mark(mark: Option<Mark>) -> Value {
    mark.as_ref()
        .map(|mark| Mark::bytes(mark).as_slice())
        .into()
}

fn head(mut row: Row) -> Result<AuditHead, Error> {
    let (latest, hash, cut, cut_hash) =
        (row.int()?, row.opt_array()?, row.int()?, row.opt_array()?);
    let (checkpoint, adopting) = (row.int()?, row.int()?);
    if !(0..=1).contains(&adopting) {
        return Err(row.corrupt());
    }
    let mac = row.opt_array()?;
    // Hashes are absent only where nothing was ever written.
    if mac.is_some() && (hash.is_none() || cut_hash.is_none()) {
        return Err(row.corrupt());
    }
    Ok(AuditHead {
        latest,
        hash: hash.unwrap_or_default(),
        cut,
        cut_hash: cut_hash.unwrap_or_default(),
        checkpoint,
        adopting: adopting == 1,
        mac,
    })
}

fn record(mut row: Row) -> Result<AuditRecord, Error> {
    let mark = |row: &mut Row| row.opt_array().map(|bytes| bytes.map(Mark::from_bytes));
    Ok(AuditRecord {
        sequence: row.int()?,
        id: EventId::from_uuid(row.id()?),
        kind: row.text()?,
        at: row.time()?,
        actor: row.opt_id()?.map(UserId::from_uuid),
        subject: row.opt_id()?.map(UserId::from_uuid),
        session: row.opt_id()?.map(SessionId::from_uuid),
        address_mark: mark(&mut row)?,
        actor_mark: mark(&mut row)?,
        subject_mark: mark(&mut row)?,
        session_mark: mark(&mut row)?,
        detail: row.opt_text()?,
        sealed: row.opt_bytes()?,
        hash: row.array()?,
        mac: row.array()?,
    })
}

fn key(mut row: Row) -> Result<SubjectKey, Error> {
    Ok(SubjectKey {
        mark: Mark::from_bytes(row.array()?),
        sealed: row.opt_bytes()?,
        created_at: row.time()?,
        erased_at: row.opt_time()?,
        proof: row.opt_array()?,
    })
}

fn checkpoint(mut row: Row) -> Result<Checkpoint, Error> {
    Ok(Checkpoint {
        sequence: row.int()?,
        previous: row.int()?,
        at: row.time()?,
        hash: row.array()?,
        key: row.text()?,
        signature: row.array()?,
    })
}

fn unchained(mut row: Row) -> Result<SecurityEvent, Error> {
    Ok(SecurityEvent {
        id: EventId::from_uuid(row.id()?),
        kind: row.name()?,
        at: row.time()?,
        actor: row.opt_id()?.map(UserId::from_uuid),
        subject: row.opt_id()?.map(UserId::from_uuid),
        session: row.opt_id()?.map(SessionId::from_uuid),
        ip_address: row.opt_name()?,
        user_agent: None,
        request_id: None,
        detail: row.opt_text()?,
    })
}
