//! What a transaction notes for the audit trail.

use async_trait::async_trait;

use crate::model::{SecurityEvent, UserId};
use crate::store::StoreError;

/// Noting security events.
#[async_trait]
pub trait Events: Send {
    /// Notes one event. It takes its place in the chain at the end of the transaction, so that the head of the chain is
    /// locked as shortly as can be.
    async fn append(&mut self, event: &SecurityEvent) -> Result<(), StoreError>;
}

/// The keys under which what is personal in events is encrypted.
#[async_trait]
pub trait SubjectKeys: Send {
    /// Destroys the key of this user and blanks their ids: what was personal in events that are kept is gone, and the
    /// chain still verifies. Events of the same transaction count, in whatever order. Done again, it changes nothing.
    async fn erase(&mut self, user: UserId) -> Result<(), StoreError>;
}

/// What a transaction noted: a store keeps one for each transaction, gives it back once at its end
/// ([`Tx::take_notes`](crate::store::Tx::take_notes)), and refuses to commit what nobody took.
#[derive(Debug, Default)]
pub struct Notes {
    /// The events, in order.
    pub events: Vec<SecurityEvent>,
    /// Who is erased.
    pub erased: Vec<UserId>,
}

impl Notes {
    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.erased.is_empty()
    }

    /// For a store that is asked to commit these notes without anybody having written them: a defect of whoever runs
    /// works past [`Auth`](crate::Auth).
    pub fn refuse_if_left(&self) -> Result<(), StoreError> {
        if self.is_empty() {
            return Ok(());
        }
        Err(StoreError::driver(std::io::Error::other(
            "security events were noted in a transaction that does not write the audit trail",
        )))
    }
}

#[async_trait]
impl Events for Notes {
    async fn append(&mut self, event: &SecurityEvent) -> Result<(), StoreError> {
        self.events.push(event.clone());
        Ok(())
    }
}

#[async_trait]
impl SubjectKeys for Notes {
    async fn erase(&mut self, user: UserId) -> Result<(), StoreError> {
        self.erased.push(user);
        Ok(())
    }
}
