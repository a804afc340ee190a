//! Hearing of what was committed.

use async_trait::async_trait;

use crate::store::StoreError;

/// Hears of what is written by whichever node or command uses the same store.
#[async_trait]
pub trait Changes: Send {
    /// Waits until entries of the revocation log or signing keys were committed. Several changes may be told as one, and what
    /// was committed is there to be read. Whoever gives up waiting loses nothing by it.
    ///
    /// # Errors
    /// If nothing is heard any more: what was committed meanwhile is not told, and [`crate::store::Store::changes`] begins anew.
    async fn next(&mut self) -> Result<(), StoreError>;
}
