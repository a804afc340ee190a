//! Counters of guesses.

use async_trait::async_trait;

use crate::model::{Throttle, ThrottleId, Timestamp};
use crate::store::StoreError;

/// Reading counters.
#[async_trait]
pub trait ReadThrottles: Send {
    /// The counter of this name, outdated ones too.
    async fn get(&mut self, id: &ThrottleId) -> Result<Option<Throttle>, StoreError>;
}

/// Writing counters.
#[async_trait]
pub trait Throttles: ReadThrottles {
    /// The counter as it is now, which nobody else holds until the transaction ends. Whoever takes several takes them in
    /// the order of their names.
    async fn hold(&mut self, id: &ThrottleId) -> Result<Option<Throttle>, StoreError>;

    /// Adds a counter to those of `account`. If another transaction has just added it, this is
    /// [`StoreError::Contention`], so that the work is applied again and finds it.
    async fn insert(
        &mut self,
        id: &ThrottleId,
        account: &ThrottleId,
        counter: &Throttle,
    ) -> Result<(), StoreError>;

    /// Writes a counter that is held.
    async fn update(&mut self, id: &ThrottleId, counter: &Throttle) -> Result<(), StoreError>;

    /// Forgets a counter; `false` if there is none. Of concurrent callers one gets `true`.
    async fn forget(&mut self, id: &ThrottleId) -> Result<bool, StoreError>;

    /// Forgets all counters of an account; says how many.
    async fn forget_account(&mut self, account: &ThrottleId) -> Result<u64, StoreError>;

    /// Forgets at most `limit` counters that expired before `before`; says how many.
    async fn purge(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
