//! Passwords that were stolen elsewhere (ASVS V6.2.12): asked about by the digest they are listed under.

use async_trait::async_trait;
use sha1::{Digest as _, Sha1};

use crate::password::Plain;

/// The digest under which published lists name a password: SHA-1 of its text. It protects nothing; it is how those lists are
/// written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LeakDigest([u8; 20]);

impl LeakDigest {
    /// The digest of a password.
    pub fn of(password: &Plain) -> Self {
        Self::of_text(password.as_str())
    }

    /// The digest of a line of a list.
    pub fn of_text(text: &str) -> Self {
        Self(Sha1::digest(text.as_bytes()).into())
    }

    /// Wraps what a list says.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The digest.
    pub const fn bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl std::fmt::Display for LeakDigest {
    /// Forty hexadecimal digits, in capitals.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl std::fmt::Debug for LeakDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(crate::secret::REDACTED)
    }
}

/// Knows passwords that were stolen elsewhere. It is asked about new passwords that are acceptable otherwise, with no
/// transaction open.
#[async_trait]
pub trait Breaches: Send + Sync {
    /// Whether this one is among them.
    async fn know(&self, digest: &LeakDigest) -> Result<bool, BreachesUnreachable>;
}

/// Nobody could be asked, and the installation does not accept what it cannot ask about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stolen passwords cannot be looked up: {0}")]
pub struct BreachesUnreachable(pub Box<str>);

/// Knows none.
pub(crate) struct NoBreaches;

#[async_trait]
impl Breaches for NoBreaches {
    async fn know(&self, _: &LeakDigest) -> Result<bool, BreachesUnreachable> {
        Ok(false)
    }
}
