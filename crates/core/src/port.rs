//! What the rules ask of the world: the time, chance, and mail. They are arguments, so that tests can travel in time,
//! repeat a draw and read what was sent.

use std::time::Duration;

use async_trait::async_trait;

use crate::model::{JobId, Mail, Timestamp};

/// Tells the time. The one place where a running server reads the system clock implements this.
pub trait Clock: Send + Sync {
    /// The current time, in milliseconds since the Unix epoch, UTC.
    fn now(&self) -> Timestamp;

    /// How long ago something was that stands still: a clock that nobody sets, neither the system's administrator nor
    /// whoever travels in time. Only differences between two readings mean anything. It tells how long a node has been
    /// unable to follow the others.
    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.now().millis().unsigned_abs())
    }
}

/// Gives bytes that nobody can guess. Implemented over the operating system's generator.
pub trait Entropy: Send + Sync {
    /// Fills the whole of `buffer` with fresh random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

/// What tests draw where nothing has to differ.
#[cfg(test)]
pub(crate) struct Sevens;

#[cfg(test)]
impl Entropy for Sevens {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

/// Draws an array of fresh random bytes.
pub fn random<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// Keeps the log of erasures outside the store, where the restoring of an older backup does not reach it. Its lines are
/// made and read by [`crate::model::ErasureKeys`].
#[async_trait]
pub trait ErasureLog: Send + Sync {
    /// Every line there is, oldest first.
    async fn lines(&self) -> Result<Vec<String>, ErasureLogError>;

    /// Adds lines, and returns after they are on the disk.
    async fn append(&self, lines: Vec<String>) -> Result<(), ErasureLogError>;

    /// Puts these lines in the place of all there are; whatever happens, either the old or the new ones are there.
    async fn replace(&self, lines: Vec<String>) -> Result<(), ErasureLogError>;
}

/// Why the log of erasures cannot be used. The text is for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the log of erasures: {0}")]
pub struct ErasureLogError(pub Box<str>);

/// No log, for a store that nothing can be restored to.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoErasureLog;

#[async_trait]
impl ErasureLog for NoErasureLog {
    async fn lines(&self) -> Result<Vec<String>, ErasureLogError> {
        Ok(Vec::new())
    }

    async fn append(&self, _: Vec<String>) -> Result<(), ErasureLogError> {
        Ok(())
    }

    async fn replace(&self, _: Vec<String>) -> Result<(), ErasureLogError> {
        Ok(())
    }
}

/// Is told what was committed and other nodes want to know at once; what nobody tells them they find in the store a moment later.
pub trait Announcer: Send + Sync {
    /// The revocation log was written up to this entry.
    fn revoked(&self, sequence: i64);

    /// The signing keys are others than before.
    fn rekeyed(&self);
}

/// Tells nobody: for a command, or a node that is alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAnnouncer;

impl Announcer for NoAnnouncer {
    fn revoked(&self, _: i64) {}

    fn rekeyed(&self) {}
}

/// Makes backups of the store into the one place that the operator configured.
#[async_trait]
pub trait Backups: Send + Sync {
    /// Makes one, checks it, and forgets the oldest beyond those to be kept.
    async fn make(&self) -> Result<BackupMade, BackupError>;
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupMade {
    /// The name of its file.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// How many bytes it has.
    pub size: u64,
    /// Its SHA-256, in hex.
    pub sha256: String,
    /// How many users it holds, deleted ones too.
    pub users: u64,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Another is being made.
    #[error("a backup is being made already")]
    Busy,
    /// The installation is not set up for it; the sentence says what to do.
    #[error("{0}")]
    NotPossible(Box<str>),
    /// It failed.
    #[error(transparent)]
    Fault(#[from] crate::flow::Fault),
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
