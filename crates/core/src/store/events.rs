//! Security events.

use async_trait::async_trait;

use crate::model::{SecurityEvent, UserId};
use crate::store::StoreError;

/// Reading security events.
#[async_trait]
pub trait ReadEvents: Send {
    /// The newest `limit` events that concern a user, newest first.
    async fn of_subject(
        &mut self,
        subject: UserId,
        limit: u32,
    ) -> Result<Vec<SecurityEvent>, StoreError>;
}

/// Writing security events.
#[async_trait]
pub trait Events: ReadEvents {
    /// Appends one event.
    async fn append(&mut self, event: &SecurityEvent) -> Result<(), StoreError>;
}
