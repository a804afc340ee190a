use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{REDACTED, RootSecret, Unsealable};
use crate::port::{Entropy, random};

const PURPOSE: &str = "root secret";
/// The form in which a root secret is sealed.
const FORM: &[u8] = b"1";

/// The key that the operator keeps. It seals the [`RootSecret`] and nothing else, so that replacing it is one write. It never touches the store.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

super::equal_in_constant_time!(MasterKey: as_slice);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl MasterKey {
    /// Takes 256 bits as they come from a file, the environment or [`Entropy`].
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Draws a new key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(random(entropy))
    }

    /// The raw bytes, to be written to the key file.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The root secret as the store keeps it.
    pub fn seal(&self, root: &RootSecret, entropy: &dyn Entropy) -> Result<Vec<u8>, Unsealable> {
        self.as_root().seal(PURPOSE, FORM, root.expose(), entropy)
    }

    /// The root secret that was sealed under this key.
    pub fn open(&self, sealed: &[u8]) -> Result<RootSecret, Unsealable> {
        let plain = self.as_root().open(PURPOSE, FORM, sealed)?;
        let bytes = plain.as_slice().try_into().map_err(|_| Unsealable)?;
        Ok(RootSecret::new(bytes))
    }

    /// The root secret of installations from before there was one: everything was derived from the master key itself.
    pub fn as_root(&self) -> RootSecret {
        RootSecret::new(self.0)
    }

    /// Whether this is such a root secret.
    pub(crate) fn is(&self, root: &RootSecret) -> bool {
        self.0.ct_eq(root.expose()).into()
    }
}

/// The master key of an installation, and while it is being replaced the one before it.
#[derive(Debug, Clone)]
pub struct MasterKeys {
    /// What seals.
    pub current: MasterKey,
    /// What opens, too.
    pub previous: Option<MasterKey>,
}

/// Under which master key something was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedBy {
    /// The current one.
    Current,
    /// The one before it, which is still needed.
    Previous,
}

impl MasterKeys {
    /// The keys, the current one first.
    pub fn each(&self) -> impl Iterator<Item = (SealedBy, &MasterKey)> {
        let previous = self.previous.iter().map(|key| (SealedBy::Previous, key));
        std::iter::once((SealedBy::Current, &self.current)).chain(previous)
    }

    /// The root secret that was sealed under one of them.
    pub fn open(&self, sealed: &[u8]) -> Result<(RootSecret, SealedBy), Unsealable> {
        self.each()
            .find_map(|(by, key)| Some((key.open(sealed).ok()?, by)))
            .ok_or(Unsealable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::Sevens;

    #[test]
    fn a_root_secret_opens_under_the_key_that_sealed_it_and_no_other() {
        let [old, new, other] = [1, 2, 3].map(|byte| MasterKey::new([byte; 32]));
        let root = RootSecret::generate(&Sevens);
        let sealed = old.seal(&root, &Sevens).unwrap();
        assert_eq!(old.open(&sealed).unwrap().expose(), root.expose());
        assert!(new.open(&sealed).is_err());
        let keys = |current: &MasterKey, previous: Option<&MasterKey>| MasterKeys {
            current: current.clone(),
            previous: previous.cloned(),
        };
        let by = |keys: MasterKeys| keys.open(&sealed).map(|(_, by)| by);
        assert_eq!(by(keys(&old, None)), Ok(SealedBy::Current));
        assert_eq!(by(keys(&new, Some(&old))), Ok(SealedBy::Previous));
        assert_eq!(by(keys(&new, Some(&other))), Err(Unsealable));
        assert!(old.open(b"short").is_err());
    }
}
