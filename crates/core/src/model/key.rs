//! Signing keys as they are stored (TOK-3).

use std::fmt;

use ntt_auth_jose::Algorithm;
use serde::Serialize;

use crate::model::Timestamp;
use crate::model::named::named;

/// The `kid` of a key (RFC 7517 § 4.5).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct KeyId(String);

impl KeyId {
    /// Wraps a key id as made by the keyring or read from a store.
    pub fn new(kid: String) -> Self {
        Self(kid)
    }

    /// The id as it stands in a token's header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

named! {
    /// Where a key stands in its life. All three are published; only the current one signs.
    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum KeyState {
        /// Published ahead, so that verifiers know it before its first signature.
        Next => "next",
        /// Signs.
        Current => "current",
        /// Signs no more; verifies until its last token has expired.
        Retired => "retired",
    }
}

/// A signing key at rest: the private half sealed under the root secret.
#[derive(Clone)]
pub struct StoredKey {
    /// The `kid` its tokens name.
    pub id: KeyId,
    /// The one algorithm it is used with (RFC 8725 § 3.1).
    pub algorithm: Algorithm,
    /// Where it stands.
    pub state: KeyState,
    /// The private key, AES-256-GCM under a key derived from the root secret, bound to `id`.
    pub sealed: Vec<u8>,
    /// When it was made and first published.
    pub created_at: Timestamp,
    /// When it began to sign.
    pub activated_at: Option<Timestamp>,
    /// When it ceased to sign.
    pub retired_at: Option<Timestamp>,
    /// When a retired key's last token has expired and it may be forgotten.
    pub expires_at: Option<Timestamp>,
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredKey")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
