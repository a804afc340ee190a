//! Counts over the whole installation.

use async_trait::async_trait;

use crate::model::{EventKind, Role, Timestamp};
use crate::store::StoreError;

/// How many accounts there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountCounts {
    /// Of each role, deleted ones left out.
    pub by_role: Vec<(Role, u64)>,
    /// Suspended, and not deleted.
    pub suspended: u64,
    /// Deleted, and not erased yet.
    pub deleted: u64,
    /// With an address that was not verified; deleted ones count.
    pub unverified: u64,
}

/// Counting. Everything is counted along an index, not row by row: tens of milliseconds for a million.
#[async_trait]
pub trait ReadStats: Send {
    /// The accounts at `now`.
    async fn accounts(&mut self, now: Timestamp) -> Result<AccountCounts, StoreError>;

    /// How many sessions are open at `now`.
    async fn open_sessions(&mut self, now: Timestamp) -> Result<u64, StoreError>;

    /// How many security events of a kind there were at or after `from` and before `until`.
    async fn events(
        &mut self,
        kind: EventKind,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError>;
}
