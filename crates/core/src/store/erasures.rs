//! Erasures.

use async_trait::async_trait;

use crate::model::{ErasedId, Erasure, Timestamp, UserId};
use crate::store::StoreError;

/// Reading who was erased.
#[async_trait]
pub trait ReadErasures: Send {
    /// At most `limit` erasures after `after`, in the order of their subjects.
    async fn page(
        &mut self,
        after: Option<ErasedId>,
        limit: u32,
    ) -> Result<Vec<Erasure>, StoreError>;

    /// The ids of at most `limit` users after `after`, in order, deleted ones too: whoever was erased and is there
    /// again is found among them.
    async fn users_after(
        &mut self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError>;
}

/// Writing who was erased.
#[async_trait]
pub trait Erasures: ReadErasures {
    /// Removes every row that is about this user from every table, the user's own first, and makes nameless what
    /// security events keep: that something happened, and when. Says how many rows that were. Revoked sessions stay
    /// in the revocation log until their tokens have expired; they are ids that lead to nobody any more.
    async fn forget(&mut self, user: UserId) -> Result<u64, StoreError>;

    /// Notes an erasure; `false` if it is noted already.
    async fn insert(&mut self, erasure: &Erasure) -> Result<bool, StoreError>;

    /// Forgets at most `limit` erasures from before `before`; says how many.
    async fn purge(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
