//! `codes`

use async_trait::async_trait;
use ntt_auth_core::model::{Code, CodeHash, CodeKind, SessionId, Timestamp, UserId};
use ntt_auth_core::store::{Codes, ReadCodes, StoreError};
use uuid::Uuid;

use crate::engine::{Error, Row, Statement};
use crate::view::View;

static BY_HASH: Statement = Statement::new(
    "codes.by_hash",
    "SELECT user_id, kind, session_id, hash, sealed, created_at, expires_at, used_at FROM codes \
     WHERE hash = ? AND kind = ?",
);

static CLEAR: Statement = Statement::new(
    "codes.clear",
    "DELETE FROM codes WHERE user_id = ? AND kind = ? AND session_id = ?",
);

static INSERT: Statement = Statement::new(
    "codes.insert",
    "INSERT INTO codes (user_id, kind, session_id, hash, sealed, created_at, expires_at, used_at) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
);

static REDEEM: Statement = Statement::new(
    "codes.redeem",
    "UPDATE codes SET used_at = ? WHERE hash = ? AND kind = ? AND used_at IS NULL AND expires_at > ?",
);

static VOID: Statement = Statement::new(
    "codes.void",
    "DELETE FROM codes WHERE user_id = ? AND kind = ?",
);

static REMOVE_OF_USER: Statement = Statement::new(
    "codes.remove_of_user",
    "DELETE FROM codes WHERE user_id = ?",
);

static PURGE: Statement = Statement::new(
    "codes.purge",
    // MySQL allows a LIMIT only in a table that is made for the occasion.
    "DELETE FROM codes WHERE hash IN (SELECT hash FROM (SELECT hash FROM codes WHERE expires_at < ? \
     ORDER BY expires_at LIMIT ?) AS expired)",
);

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[
    &BY_HASH,
    &CLEAR,
    &INSERT,
    &REDEEM,
    &VOID,
    &REMOVE_OF_USER,
    &PURGE,
];

/// What stands for no session, because a key has no nulls.
fn key(session: Option<SessionId>) -> Uuid {
    session.map_or(Uuid::nil(), SessionId::uuid)
}

#[async_trait]
impl ReadCodes for View<'_> {
    async fn by_hash(
        &mut self,
        kind: CodeKind,
        hash: &CodeHash,
    ) -> Result<Option<Code>, StoreError> {
        let values = [hash.bytes().as_slice().into(), kind.as_str().into()];
        self.first(&BY_HASH, &values, code).await
    }
}

#[async_trait]
impl Codes for View<'_> {
    async fn put(&mut self, code: &Code) -> Result<(), StoreError> {
        let (user, kind, session) = (code.user.uuid(), code.kind.as_str(), key(code.session));
        self.count(&CLEAR, &[user.into(), kind.into(), session.into()])
            .await?;
        let values = [
            user.into(),
            kind.into(),
            session.into(),
            code.hash.bytes().as_slice().into(),
            code.sealed.as_slice().into(),
            code.created_at.into(),
            code.expires_at.into(),
            code.used_at.into(),
        ];
        match self.count(&INSERT, &values).await {
            // Another was put in the same place since it was cleared.
            Err(StoreError::Taken(_)) => Err(StoreError::Contention),
            other => other.map(drop),
        }
    }

    async fn redeem(
        &mut self,
        kind: CodeKind,
        hash: &CodeHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let values = [
            now.into(),
            hash.bytes().as_slice().into(),
            kind.as_str().into(),
            now.into(),
        ];
        self.took(&REDEEM, &values).await
    }

    async fn void(&mut self, user: UserId, kind: CodeKind) -> Result<u64, StoreError> {
        self.count(&VOID, &[user.uuid().into(), kind.as_str().into()])
            .await
    }

    async fn remove_of_user(&mut self, user: UserId) -> Result<u64, StoreError> {
        self.count(&REMOVE_OF_USER, &[user.uuid().into()]).await
    }

    async fn purge(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.count(&PURGE, &[before.into(), limit.into()]).await
    }
}

fn code(mut row: Row) -> Result<Code, Error> {
    Ok(Code {
        user: UserId::from_uuid(row.id()?),
        kind: row.name()?,
        session: Some(row.id()?)
            .filter(|id| !id.is_nil())
            .map(SessionId::from_uuid),
        hash: CodeHash::from_bytes(row.array()?),
        sealed: row.bytes()?,
        created_at: row.time()?,
        expires_at: row.time()?,
        used_at: row.opt_time()?,
    })
}
