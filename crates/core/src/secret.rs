//! Secrets as types that cannot print themselves.

mod master;
mod root;

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

pub use self::master::{MasterKey, MasterKeys, SealedBy};
pub use self::root::{RootSecret, Unsealable};

/// What [`fmt::Debug`] shows instead of any secret.
pub const REDACTED: &str = "[redacted]";

/// A stored password hash in its modular or PHC string form. It prints as a fixed mark, because a hash in a log is a
/// password waiting to be guessed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps an encoded hash as it is stored.
    pub fn new(encoded: String) -> Self {
        Self(encoded)
    }

    /// The encoded hash, for the store and the hasher alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// A bearer secret on its way out (a refresh token, an access token, a set-up link): it exists in plain once.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Bearer(String);

impl Bearer {
    /// Wraps a secret that was just made.
    pub fn new(plain: String) -> Self {
        Self(plain)
    }

    /// The plain value, to be written into the one answer that hands it over.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_print_themselves() {
        assert_eq!(format!("{:?}", MasterKey::new([1; 32])), REDACTED);
        assert_eq!(format!("{:?}", RootSecret::new([1; 32])), REDACTED);
        assert_eq!(
            format!("{:?}", PasswordHash::new("$2b$12$abc".into())),
            REDACTED
        );
        assert_eq!(format!("{:?}", Bearer::new("ntt_rt_x".into())), REDACTED);
    }
}
