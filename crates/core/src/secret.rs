//! Secrets as types that cannot print themselves.

mod master;
mod root;

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

pub use self::master::{MasterKey, MasterKeys, SealedBy};
pub use self::root::{RootSecret, Unsealable};

/// What [`fmt::Debug`] shows instead of any secret.
pub const REDACTED: &str = "[redacted]";

/// Lets secrets be compared, in a time that does not tell where they differ.
macro_rules! equal_in_constant_time {
    ($($secret:ident: $octets:ident),+) => {$(
        impl PartialEq for $secret {
            fn eq(&self, other: &Self) -> bool {
                subtle::ConstantTimeEq::ct_eq(self.0.$octets(), other.0.$octets()).into()
            }
        }

        impl Eq for $secret {}
    )+};
}
pub(crate) use equal_in_constant_time;

equal_in_constant_time!(PasswordHash: as_bytes, Bearer: as_bytes);

/// A stored password hash in its modular or PHC string form. It prints as a fixed mark, because a hash in a log is a
/// password waiting to be guessed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
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
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
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
    fn secrets_are_equal_if_all_of_them_is() {
        let bearer = |text: &str| Bearer::new(text.to_owned());
        assert_eq!(bearer("ntt_rt_x"), bearer("ntt_rt_x"));
        for other in ["ntt_rt_y", "ott_rt_x", "ntt_rt_", "ntt_rt_xx", ""] {
            assert_ne!(bearer("ntt_rt_x"), bearer(other));
        }
    }

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
