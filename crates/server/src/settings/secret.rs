//! A configured secret.

use std::fmt;

use zeroize::Zeroizing;

/// A text that must not be shown: it prints as a fixed mark and is wiped when it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a secret that was read from the configuration.
    pub fn new(plain: Zeroizing<String>) -> Self {
        Self(plain)
    }

    /// The plain value, for the one place that compares or decodes it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
