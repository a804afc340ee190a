//! What every store promises, as one suite that each engine passes.
//!
//! An engine's test file says how to get an empty store, and calls [`suite!`], which makes a test of each case here:
//!
//! ```text
//! async fn fresh() -> Option<Fresh> { … }
//! ntt_auth_store_contract::suite!(super::fresh);
//! ```
//!
//! A case is one promise of one trait of `ntt_auth_core::store`, named as a sentence. There is no way to leave one out.
#![expect(clippy::unwrap_used, reason = "every case is the body of a test")]
#![expect(
    clippy::missing_panics_doc,
    reason = "a case panics where a promise is broken"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "what is not there breaks a promise"
)]

pub mod case;
mod race;
mod sample;
mod suite;
mod work;

use std::any::Any;
use std::sync::Arc;

use ntt_auth_core::store::Store;

/// An empty, migrated store, and whatever must live as long as it (a folder, a database to be dropped).
pub struct Fresh {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Dropped after the store.
    pub kept: Box<dyn Any + Send>,
}
