//! First set-up: the one-time link that makes the first super admin (OPS-1).

use std::fmt;

use aws_lc_rs::digest;

use crate::model::Timestamp;

/// SHA-256 of a set-up token; the token itself stands only in the printed link.
#[derive(Clone, Copy)]
pub struct SetupTokenHash([u8; 32]);

crate::secret::equal_in_constant_time!(SetupTokenHash: as_slice);

impl SetupTokenHash {
    /// Hashes a token as it stands in a link.
    pub fn of(token: &str) -> Self {
        let mut hash = [0; 32];
        hash.iter_mut()
            .zip(digest::digest(&digest::SHA256, token.as_bytes()).as_ref())
            .for_each(|(to, from)| *to = *from);
        Self(hash)
    }

    /// Takes a hash back from a store.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash as it is stored.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SetupTokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::secret::REDACTED)
    }
}

/// Where first set-up stands. There is one per store; once closed it never opens again, even if every administrator
/// is deleted later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// The hash of the link's token, while one is out.
    pub token: Option<SetupTokenHash>,
    /// Until when the link is good.
    pub expires_at: Option<Timestamp>,
    /// When the first super admin was made.
    pub closed_at: Option<Timestamp>,
}
