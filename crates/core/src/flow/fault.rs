//! What fails through nobody's fault who asked.

use crate::audit::Finding;
use crate::password::{BreachesUnreachable, HasherError};
use crate::port::ErasureLogError;
use crate::secret::Unsealable;
use crate::store::StoreError;
use crate::token::{KeyringError, MintError};

/// A failure with a cause for the operator's log and no text for the stranger.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The hashing pool; it may just be busy.
    #[error("hashing failed")]
    Hasher(#[from] HasherError),
    /// Looking stolen passwords up, where that must be possible.
    #[error("a new password could not be looked up among stolen ones")]
    Breaches(#[from] BreachesUnreachable),
    /// Signing.
    #[error("signing failed")]
    Mint(#[from] MintError),
    /// The key set.
    #[error("the signing keys failed")]
    Keyring(#[from] KeyringError),
    /// Sealing what is kept for later.
    #[error("sealing failed")]
    Sealing(#[from] Unsealable),
    /// The log of erasures, outside the store.
    #[error(transparent)]
    ErasureLog(#[from] ErasureLogError),
    /// The audit trail was tampered with.
    #[error("the audit trail does not hold")]
    Audit(#[source] Finding),
}

/// Lets a flow's error take every cause of a [`Fault`] by `?`.
macro_rules! faults {
    ($error:ident) => {
        impl<F> From<F> for $error
        where
            crate::flow::Fault: From<F>,
        {
            fn from(cause: F) -> Self {
                Self::Fault(cause.into())
            }
        }
    };
}
pub(crate) use faults;
