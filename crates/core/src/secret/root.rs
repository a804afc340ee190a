use std::fmt;

use aws_lc_rs::{aead, hkdf, hmac};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::REDACTED;
use crate::port::{Entropy, random};

/// The secret from which every other symmetric key of an installation is derived, for as long as the installation lives. The store has it sealed under
/// the [`MasterKey`](super::MasterKey), which can be replaced.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RootSecret([u8; 32]);

impl fmt::Debug for RootSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// Why a sealed value could not be opened: another key, or the bytes were altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value was sealed under another key, or was altered")]
pub struct Unsealable;

impl RootSecret {
    /// Takes 256 bits.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Draws a new one.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(random(entropy))
    }

    /// The raw bytes, to be sealed.
    pub(super) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key of its own for one purpose (HKDF-SHA-256, RFC 5869), so that no two uses share a key.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut out = Zeroizing::new([0; 32]);
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"ntt-auth");
        let filled = salt
            .extract(&self.0)
            .expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(out.as_mut()));
        // Both lengths are constants of this function, so the only error HKDF knows cannot occur.
        debug_assert!(filled.is_ok());
        out
    }

    /// An HMAC-SHA-256 key for one purpose.
    pub fn mac(&self, purpose: &str) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.derive(purpose).as_ref())
    }

    /// Encrypts `plain` with AES-256-GCM under a key of its own for `purpose`; `context` is authenticated with it, so
    /// that a sealed value cannot be moved to another row.
    pub fn seal(
        &self,
        purpose: &str,
        context: &[u8],
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, Unsealable> {
        let nonce: [u8; aead::NONCE_LEN] = random(entropy);
        let mut sealed = nonce.to_vec();
        let mut body = plain.to_vec();
        self.sealing_key(purpose)?
            .seal_in_place_append_tag(
                aead::Nonce::assume_unique_for_key(nonce),
                aead::Aad::from(context),
                &mut body,
            )
            .map_err(|_| Unsealable)?;
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens what [`RootSecret::seal`] made for the same purpose and context.
    pub fn open(
        &self,
        purpose: &str,
        context: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        let (nonce, body) = sealed.split_at_checked(aead::NONCE_LEN).ok_or(Unsealable)?;
        let nonce = aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unsealable)?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = self
            .sealing_key(purpose)?
            .open_in_place(nonce, aead::Aad::from(context), &mut body)
            .map_err(|_| Unsealable)?
            .len();
        body.truncate(length);
        Ok(body)
    }

    fn sealing_key(&self, purpose: &str) -> Result<aead::LessSafeKey, Unsealable> {
        aead::UnboundKey::new(&aead::AES_256_GCM, self.derive(purpose).as_ref())
            .map(aead::LessSafeKey::new)
            .map_err(|_| Unsealable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::Sevens;

    #[test]
    fn sealed_values_open_only_for_their_purpose_and_place() {
        let key = RootSecret::new([1; 32]);
        let sealed = key.seal("keys", b"kid-1", b"private", &Sevens).unwrap();
        assert_eq!(
            key.open("keys", b"kid-1", &sealed).unwrap().as_slice(),
            b"private"
        );
        assert!(key.open("keys", b"kid-2", &sealed).is_err());
        assert!(key.open("other", b"kid-1", &sealed).is_err());
        assert!(
            RootSecret::new([2; 32])
                .open("keys", b"kid-1", &sealed)
                .is_err()
        );
        let mut altered = sealed.clone();
        altered[20] ^= 1;
        assert!(key.open("keys", b"kid-1", &altered).is_err());
        assert!(key.open("keys", b"kid-1", &sealed[..5]).is_err());
    }
}
