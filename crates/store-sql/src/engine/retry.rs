//! Trying again on contention.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::time::Duration;

use ntt_auth_core::store::StoreError;

use super::{Engine, Unit};

/// With the delays below, about two seconds of patience.
const ATTEMPTS: u32 = 12;

/// Applies `unit` in a transaction of its own, again while the engine asks for it, and returns after the commit is
/// durable.
pub(crate) async fn run(engine: &dyn Engine, unit: Arc<dyn Unit>) -> Result<(), StoreError> {
    for attempt in 1..ATTEMPTS {
        match engine.attempt(Arc::clone(&unit)).await {
            Err(StoreError::Contention) => tokio::time::sleep(delay(attempt)).await,
            outcome => return outcome,
        }
    }
    engine.attempt(unit).await
}

/// A random time below a bound that doubles with each attempt up to half a second, so that those who collided spread.
/// It need not be unguessable, so the standard library's per-process hash keys are chance enough.
fn delay(attempt: u32) -> Duration {
    let bound = (4_u64 << attempt.min(7)).min(500);
    Duration::from_millis(RandomState::new().hash_one(attempt) % bound)
}
