//! How far imports of users have come.

use async_trait::async_trait;

use crate::model::{Import, ImportDigest};
use crate::store::StoreError;

/// Reading how far imports have come.
#[async_trait]
pub trait ReadImports: Send {
    /// The import of the file with this digest, finished or not.
    async fn by_digest(&mut self, digest: &ImportDigest) -> Result<Option<Import>, StoreError>;
}

/// Writing how far imports have come.
#[async_trait]
pub trait Imports: ReadImports {
    /// Begins an import anew, in the place of an earlier one of the same file.
    async fn begin(&mut self, import: &Import) -> Result<(), StoreError>;

    /// Takes the next step, if the stored import is still at row `from` and not finished: its row then is that of `import`, and
    /// so is everything else. Of several processes that import one file, one gets `true` for each step.
    async fn advance(&mut self, import: &Import, from: u64) -> Result<bool, StoreError>;

    /// Writes the counts of a step that was taken in this transaction.
    async fn tally(&mut self, import: &Import) -> Result<(), StoreError>;
}
