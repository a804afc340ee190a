//! `signing_keys`

use async_trait::async_trait;
use ntt_auth_core::model::{KeyId, StoredKey, Timestamp};
use ntt_auth_core::store::{Keys, ReadKeys, StoreError};

use crate::engine::{Error, Row, Statement};
use crate::view::View;

static LIST: Statement = Statement::new(
    "keys.list",
    "SELECT id, algorithm, state, sealed, created_at, activated_at, retired_at, expires_at FROM signing_keys \
     ORDER BY created_at, id",
);

static INSERT: Statement = Statement::new(
    "keys.insert",
    "INSERT INTO signing_keys (id, algorithm, state, sealed, created_at, activated_at, retired_at, expires_at) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
)
.may_collide();

static ACTIVATE: Statement = Statement::new(
    "keys.activate",
    "UPDATE signing_keys SET state = 'current', activated_at = ? WHERE id = ? AND state = 'next'",
);

static RETIRE: Statement = Statement::new(
    "keys.retire",
    "UPDATE signing_keys SET state = 'retired', retired_at = ?, expires_at = ? WHERE id = ? AND state = 'current'",
);

static REMOVE: Statement = Statement::new("keys.remove", "DELETE FROM signing_keys WHERE id = ?");

static PURGE: Statement = Statement::new(
    "keys.purge",
    "DELETE FROM signing_keys WHERE state = 'retired' AND expires_at <= ?",
);

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&LIST, &INSERT, &ACTIVATE, &RETIRE, &REMOVE, &PURGE];

#[async_trait]
impl ReadKeys for View<'_> {
    async fn all(&mut self) -> Result<Vec<StoredKey>, StoreError> {
        View::all(self, &LIST, &[], key).await
    }
}

#[async_trait]
impl Keys for View<'_> {
    async fn insert(&mut self, key: &StoredKey) -> Result<(), StoreError> {
        let values = [
            key.id.as_str().into(),
            key.algorithm.as_str().into(),
            key.state.as_str().into(),
            key.sealed.as_slice().into(),
            key.created_at.into(),
            key.activated_at.into(),
            key.retired_at.into(),
            key.expires_at.into(),
        ];
        self.count(&INSERT, &values).await?;
        self.tell().await
    }

    async fn activate(&mut self, id: &KeyId, at: Timestamp) -> Result<bool, StoreError> {
        self.took(&ACTIVATE, &[at.into(), id.as_str().into()]).await
    }

    async fn retire(
        &mut self,
        id: &KeyId,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.took(&RETIRE, &[at.into(), expires_at.into(), id.as_str().into()])
            .await
    }

    async fn remove(&mut self, id: &KeyId) -> Result<bool, StoreError> {
        self.tell().await?;
        self.took(&REMOVE, &[id.as_str().into()]).await
    }

    async fn purge(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        self.count(&PURGE, &[now.into()]).await
    }
}

fn key(mut row: Row) -> Result<StoredKey, Error> {
    Ok(StoredKey {
        id: KeyId::new(row.text()?),
        algorithm: row.name()?,
        state: row.name()?,
        sealed: row.bytes()?,
        created_at: row.time()?,
        activated_at: row.opt_time()?,
        retired_at: row.opt_time()?,
        expires_at: row.opt_time()?,
    })
}
