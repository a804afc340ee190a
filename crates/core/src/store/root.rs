//! The sealed root secret. A new store has none.

use async_trait::async_trait;

use crate::model::Timestamp;
use crate::store::StoreError;

/// Reading the root secret.
#[async_trait]
pub trait ReadRoot: Send {
    /// The root secret as it is sealed now.
    async fn sealed(&mut self) -> Result<Option<Vec<u8>>, StoreError>;
}

/// Writing the root secret.
#[async_trait]
pub trait Roots: ReadRoot {
    /// Keeps it, if there is none yet. Of concurrent callers one gets `true`.
    async fn keep(&mut self, sealed: &[u8], at: Timestamp) -> Result<bool, StoreError>;

    /// Puts it, sealed anew, in the place of `before`; `false` if that is not what is there. Of concurrent callers one gets
    /// `true`.
    async fn reseal(
        &mut self,
        before: &[u8],
        sealed: &[u8],
        at: Timestamp,
    ) -> Result<bool, StoreError>;
}
