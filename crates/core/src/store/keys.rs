//! Signing keys.

use async_trait::async_trait;

use crate::model::{KeyId, StoredKey, Timestamp};
use crate::store::StoreError;

/// Reading signing keys.
#[async_trait]
pub trait ReadKeys: Send {
    /// All keys, in the order they were made.
    async fn all(&mut self) -> Result<Vec<StoredKey>, StoreError>;
}

/// Writing signing keys.
#[async_trait]
pub trait Keys: ReadKeys {
    /// Adds a key.
    async fn insert(&mut self, key: &StoredKey) -> Result<(), StoreError>;

    /// Makes a next key current; `false` if it is not next any more. Of concurrent callers one gets `true`.
    async fn activate(&mut self, id: &KeyId, at: Timestamp) -> Result<bool, StoreError>;

    /// Retires the current key; `false` if it is not current any more. Of concurrent rotations one gets `true`.
    async fn retire(
        &mut self,
        id: &KeyId,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Forgets a key whatever its state; `false` if there is none. Of concurrent callers one gets `true`.
    async fn remove(&mut self, id: &KeyId) -> Result<bool, StoreError>;

    /// Forgets retired keys that expired at or before `now`; says how many.
    async fn purge(&mut self, now: Timestamp) -> Result<u64, StoreError>;
}
