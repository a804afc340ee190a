//! Codes: the one-time secrets of the links in mails (ACC-6, ACC-7, ACC-8).

use std::fmt;

use crate::model::named::named;
use crate::model::{SessionId, Timestamp, UserId};
use crate::secret::REDACTED;

named! {
    /// What a code is good for, and nothing else (E-18).
    pub enum CodeKind {
        /// Shows that an address is its user's.
        VerifyEmail => "verify_email",
        /// Lets its holder choose a new password.
        ResetPassword => "reset_password",
        /// Moves an account to a new address.
        ConfirmEmail => "confirm_email",
        /// Says that a sign-in was somebody else's, and ends every session.
        NotMe => "not_me",
    }
}

/// SHA-256 of a code as it stands in its link, which is all that is kept of it (TOK-6).
#[derive(Clone, Copy)]
pub struct CodeHash([u8; 32]);

crate::secret::equal_in_constant_time!(CodeHash: as_slice);

impl CodeHash {
    /// Wraps a hash that was just made, or one of a store.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash as it is stored.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// A code that was sent to somebody. There is one for each user, kind and session: a newer one takes the place of an
/// older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Whose it is.
    pub user: UserId,
    /// What it is good for.
    pub kind: CodeKind,
    /// The session it is about, for [`CodeKind::NotMe`].
    pub session: Option<SessionId>,
    /// By which it is found.
    pub hash: CodeHash,
    /// The address it is about, sealed: the one it was sent to, or for [`CodeKind::ConfirmEmail`] the new one.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}
