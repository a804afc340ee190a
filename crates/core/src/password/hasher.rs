use async_trait::async_trait;

use crate::password::Plain;
use crate::secret::PasswordHash;

/// Hashes and verifies passwords. The slow work happens elsewhere, so that a caller waits and no thread does; flows call this with no
/// transaction open.
#[async_trait]
pub trait Hasher: Send + Sync {
    /// Hashes a new password with a fresh salt, as the installation's [`HashingPolicy`](crate::password::HashingPolicy) says.
    async fn hash(&self, password: Plain) -> Result<PasswordHash, HasherError>;

    /// Compares a password with a stored hash of any known format. `None` stands for an account that does not exist: the answer is no, and costs
    /// what a hash of the installation's own policy costs.
    async fn verify(
        &self,
        password: Plain,
        stored: Option<PasswordHash>,
    ) -> Result<Verdict, HasherError>;
}

/// The outcome of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is the password.
    pub matches: bool,
    /// Whether it is, and its hash should be replaced by one of today's making: it is foreign, or weaker than the policy.
    pub rehash: bool,
}

/// Why there was no hash and no verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HasherError {
    /// More is asked for than can be hashed in time. Nothing was done.
    #[error("the hashing pool is full; try again in {retry_after_secs} s")]
    Overloaded {
        /// When it makes sense to try again, in seconds, at least one.
        retry_after_secs: u64,
    },
    /// The stored hash cannot be read.
    #[error("a stored password hash is unreadable: {0}")]
    Corrupt(#[from] crate::password::FormatError),
    /// Computing it failed; the log says how.
    #[error("a hash could not be computed")]
    Failed,
    /// The server is going down.
    #[error("the hashing pool is closed")]
    Closed,
}
