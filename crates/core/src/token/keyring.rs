//! The signing keys in memory: parsed once, swapped as a whole when they change (TOK-2, TOK-3).

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use ntt_auth_jose::{Algorithm, Jwks, KeyError, SigningKey, VerifyingKey};

use crate::model::{KeyId, KeyState, StoredKey, Timestamp};
use crate::port::{Entropy, random};
use crate::secret::{RootSecret, Unsealable};
use crate::token::ACCESS_TYPE;

const PURPOSE: &str = "signing key";

/// Why stored keys could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// Another root secret, or altered rows.
    #[error(
        "signing key {0} cannot be opened: {1}; it was made under another root secret, or was altered"
    )]
    Sealed(KeyId, Unsealable),
    /// Not a key of its algorithm.
    #[error("signing key {0} cannot be read: {1}")]
    Key(KeyId, KeyError),
    /// The crypto library made none.
    #[error("no signing key could be made: {0}")]
    Generate(KeyError),
    /// A new key could not be sealed.
    #[error("a new signing key could not be sealed: {0}")]
    Seal(Unsealable),
    /// Two rotations at once: the other won.
    #[error("the keys were rotated by somebody else at the same moment; nothing was changed")]
    RotatedElsewhere,
    /// The next key is not known to verifiers yet.
    #[error("the next key was published less than {0} seconds ago; wait, or force the rotation")]
    TooSoon(u64),
}

/// One consistent set of keys.
pub struct KeySet {
    current: Option<SigningKey>,
    verifying: HashMap<String, VerifyingKey>,
    jwks: Arc<str>,
    stored: Vec<StoredKey>,
}

impl KeySet {
    /// The key that signs.
    pub fn current(&self) -> Option<&SigningKey> {
        self.current.as_ref()
    }

    /// The key a token's header names.
    pub fn verifying(&self, kid: &str) -> Option<&VerifyingKey> {
        self.verifying.get(kid)
    }

    /// The public keys as a JWK Set (RFC 7517 § 5). A symmetric key is never in it.
    pub fn jwks(&self) -> Arc<str> {
        Arc::clone(&self.jwks)
    }

    /// The keys as they are stored, in the order they were made.
    pub fn stored(&self) -> &[StoredKey] {
        &self.stored
    }

    fn empty() -> Self {
        Self {
            current: None,
            verifying: HashMap::new(),
            jwks: "{\"keys\":[]}".into(),
            stored: Vec::new(),
        }
    }

    fn open(stored: Vec<StoredKey>, root: &RootSecret) -> Result<Self, KeyringError> {
        let mut set = Self::empty();
        let mut published = Vec::new();
        for key in &stored {
            let secret = root
                .open(PURPOSE, key.id.as_str().as_bytes(), &key.sealed)
                .map_err(|cause| KeyringError::Sealed(key.id.clone(), cause))?;
            let signing = SigningKey::from_secret_bytes(key.algorithm, key.id.as_str(), &secret)
                .map_err(|cause| KeyringError::Key(key.id.clone(), cause))?
                .with_header(ACCESS_TYPE);
            let verifying = signing.verifying_key().clone();
            published.extend(verifying.to_jwk());
            set.verifying.insert(key.id.as_str().to_owned(), verifying);
            if key.state == KeyState::Current {
                set.current = Some(signing);
            }
        }
        set.jwks = serde_json::to_string(&Jwks { keys: published })
            .unwrap_or_default()
            .into();
        set.stored = stored;
        Ok(set)
    }
}

/// Holds the current [`KeySet`].
pub struct Keyring {
    set: ArcSwap<KeySet>,
}

impl Default for Keyring {
    fn default() -> Self {
        Self {
            set: ArcSwap::from_pointee(KeySet::empty()),
        }
    }
}

impl Keyring {
    /// The keys as they are now.
    pub fn get(&self) -> Guard<Arc<KeySet>> {
        self.set.load()
    }

    /// Replaces the keys by stored ones. Says whether a key that verified before is gone, so that nothing remembered
    /// of its tokens holds any more.
    pub fn replace(&self, stored: Vec<StoredKey>, root: &RootSecret) -> Result<bool, KeyringError> {
        let new = KeySet::open(stored, root)?;
        let old = self.set.load();
        let lost = old
            .verifying
            .keys()
            .any(|kid| !new.verifying.contains_key(kid));
        self.set.store(Arc::new(new));
        Ok(lost)
    }

    /// Forgets every key.
    pub fn clear(&self) {
        self.set.store(Arc::new(KeySet::empty()));
    }

    /// Whether these stored keys differ from those held, by id and state.
    pub fn differs(&self, stored: &[StoredKey]) -> bool {
        let held = self.set.load();
        held.stored.len() != stored.len()
            || held
                .stored
                .iter()
                .zip(stored)
                .any(|(a, b)| a.id != b.id || a.state != b.state)
    }
}

/// Whether a stored key was sealed under this secret.
pub(crate) fn opens(key: &StoredKey, root: &RootSecret) -> bool {
    let context = key.id.as_str().as_bytes();
    root.open(PURPOSE, context, &key.sealed).is_ok()
}

/// Makes a new key and seals it for the store.
pub fn generate_key(
    algorithm: Algorithm,
    state: KeyState,
    now: Timestamp,
    root: &RootSecret,
    entropy: &dyn Entropy,
) -> Result<StoredKey, KeyringError> {
    let id = KeyId::new(format!("{:016x}", u64::from_be_bytes(random(entropy))));
    let key = SigningKey::generate(algorithm, id.as_str(), &mut |buffer| entropy.fill(buffer))
        .map_err(KeyringError::Generate)?;
    let secret = key.to_secret_bytes().map_err(KeyringError::Generate)?;
    let sealed = root
        .seal(PURPOSE, id.as_str().as_bytes(), &secret, entropy)
        .map_err(KeyringError::Seal)?;
    Ok(StoredKey {
        id,
        algorithm,
        state,
        sealed,
        created_at: now,
        activated_at: (state == KeyState::Current).then_some(now),
        retired_at: None,
        expires_at: None,
    })
}
