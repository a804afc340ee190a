//! Codes.

use async_trait::async_trait;

use crate::model::{Code, CodeHash, CodeKind, Timestamp, UserId};
use crate::store::StoreError;

/// Reading codes.
#[async_trait]
pub trait ReadCodes: Send {
    /// The code of this kind and hash, used and expired ones too.
    async fn by_hash(
        &mut self,
        kind: CodeKind,
        hash: &CodeHash,
    ) -> Result<Option<Code>, StoreError>;
}

/// Writing codes.
#[async_trait]
pub trait Codes: ReadCodes {
    /// Puts a code in the place of the one of the same user, kind and session, if there is one.
    async fn put(&mut self, code: &Code) -> Result<(), StoreError>;

    /// Uses a code of this kind that was not used and is good at `now`; `false`, and nothing written, if there is none.
    /// Of any number of concurrent callers one gets `true`.
    async fn redeem(
        &mut self,
        kind: CodeKind,
        hash: &CodeHash,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Forgets every code of a kind that a user was sent; says how many.
    async fn void(&mut self, user: UserId, kind: CodeKind) -> Result<u64, StoreError>;

    /// Forgets every code of a user; says how many.
    async fn remove_of_user(&mut self, user: UserId) -> Result<u64, StoreError>;

    /// Forgets at most `limit` codes that expired before `before`; says how many.
    async fn purge(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
