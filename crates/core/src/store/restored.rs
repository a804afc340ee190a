//! What a restored store must not go on with.

use async_trait::async_trait;

use crate::model::Timestamp;
use crate::store::StoreError;

/// What was made invalid after a restore.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Invalidated {
    /// Sessions that were open and are ended.
    pub sessions: u64,
    /// Signing keys that are forgotten: tokens signed with them hold no more.
    pub keys: u64,
    /// Mails and other jobs that waited, and are forgotten.
    pub jobs: u64,
}

/// Making invalid what an older state of a store believes to be good.
#[async_trait]
pub trait Restores: Send {
    /// Ends every session, forgets every signing key, and forgets codes and jobs that wait: since the backup was made they
    /// may have been revoked, used, or sent.
    async fn invalidate(&mut self, at: Timestamp) -> Result<Invalidated, StoreError>;
}
