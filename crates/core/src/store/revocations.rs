//! The revocation log.

use async_trait::async_trait;

use crate::model::{Revocation, Revoked, Timestamp};
use crate::store::StoreError;

/// Reading the revocation log.
#[async_trait]
pub trait ReadRevocations: Send {
    /// At most `limit` entries after `sequence` (0 for the beginning), in order. An entry never appears before one of
    /// a lower sequence.
    async fn after(&mut self, sequence: i64, limit: u32) -> Result<Vec<Revocation>, StoreError>;

    /// The sequence of the newest entry ever written; 0 if there was none.
    async fn latest(&mut self) -> Result<i64, StoreError>;
}

/// Writing the revocation log.
#[async_trait]
pub trait Revocations: ReadRevocations {
    /// Appends one entry and gives its sequence: one more than the entry before it, in the order of commit, without
    /// gaps (the counter is a row that is locked until commit).
    async fn append(
        &mut self,
        revoked: Revoked,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<i64, StoreError>;

    /// Forgets at most `limit` entries that expired before `now`; says how many.
    async fn purge(&mut self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
