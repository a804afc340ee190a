//! Consents.

use async_trait::async_trait;

use crate::model::{Consent, Said, UserId};
use crate::store::StoreError;

/// Reading consents.
#[async_trait]
pub trait ReadConsents: Send {
    /// Every consent of a user, withdrawn ones too, in the order they were given.
    async fn of_user(&mut self, user: UserId) -> Result<Vec<Consent>, StoreError>;
}

/// Writing consents.
#[async_trait]
pub trait Consents: ReadConsents {
    /// Notes a consent; `false`, and nothing written, if the user's consent to this version stands already.
    async fn give(&mut self, consent: &Consent) -> Result<bool, StoreError>;

    /// Withdraws a user's standing consents to every version of a document, and says how many that were.
    async fn withdraw(
        &mut self,
        user: UserId,
        document: &str,
        said: Said,
    ) -> Result<u64, StoreError>;
}
