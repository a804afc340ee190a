//! First set-up. A new store holds one open set-up without a token.

use async_trait::async_trait;

use crate::model::{Setup, SetupTokenHash, Timestamp};
use crate::store::StoreError;

/// Reading where first set-up stands.
#[async_trait]
pub trait ReadSetup: Send {
    /// Where it stands.
    async fn get(&mut self) -> Result<Setup, StoreError>;
}

/// Writing first set-up.
#[async_trait]
pub trait Setups: ReadSetup {
    /// Puts a new link's token in the place of any older one; `false` if set-up is closed.
    async fn offer(
        &mut self,
        token: &SetupTokenHash,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Closes set-up by its link, if it is open and `token` is the one offered and good at `now`. Of concurrent callers
    /// one gets `true`.
    async fn redeem(&mut self, token: &SetupTokenHash, now: Timestamp) -> Result<bool, StoreError>;

    /// Closes set-up because a super admin was made by other means; `false` if it was closed. Of
    /// concurrent callers one gets `true`.
    async fn close(&mut self, now: Timestamp) -> Result<bool, StoreError>;

    /// Holds, until the transaction ends, the lock that every change to who is super admin takes first, so that two
    /// of them cannot each believe that another super admin remains.
    async fn lock_super_admins(&mut self) -> Result<(), StoreError>;
}
