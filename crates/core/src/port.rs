//! What the rules ask of the world: the time, chance, and mail. They are arguments, so that tests can travel in time,
//! repeat a draw and read what was sent.

use async_trait::async_trait;

use crate::model::{JobId, Mail, Timestamp};

/// Tells the time. The one place where a running server reads the system clock implements this.
pub trait Clock: Send + Sync {
    /// The current time, in milliseconds since the Unix epoch, UTC.
    fn now(&self) -> Timestamp;
}

/// Gives bytes that nobody can guess. Implemented over the operating system's generator.
pub trait Entropy: Send + Sync {
    /// Fills the whole of `buffer` with fresh random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

/// Draws an array of fresh random bytes.
pub fn random<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// Sends mail. It is called by the job that owes the mail, outside any transaction.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands one mail over. `job` makes its `Message-ID`, the same at every attempt, so that a mail that arrives twice
    /// is known for one.
    async fn send(&self, job: JobId, mail: &Mail) -> Result<(), MailError>;
}

/// Why a mail was not handed over. The text is for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It may go through later: no connection, a time-out, a 4xx reply (RFC 5321 § 4.2.1).
    #[error("{0}")]
    Transient(Box<str>),
    /// It will not go through as it is: a 5xx reply.
    #[error("{0}")]
    Permanent(Box<str>),
}
