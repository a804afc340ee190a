//! Secrets as types that cannot print themselves.

use std::fmt;

use aws_lc_rs::{aead, hkdf, hmac};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::port::{Entropy, random};

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

/// The key from which every other symmetric key of an installation is derived. It never touches the store.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// Why a sealed value could not be opened: another master key, or the bytes were altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value was sealed under another master key, or was altered")]
pub struct Unsealable;

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

    /// Opens what [`MasterKey::seal`] made for the same purpose and context.
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

    struct Zeros;
    impl Entropy for Zeros {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    #[test]
    fn sealed_values_open_only_for_their_purpose_and_place() {
        let key = MasterKey::new([1; 32]);
        let sealed = key.seal("keys", b"kid-1", b"private", &Zeros).unwrap();
        assert_eq!(
            key.open("keys", b"kid-1", &sealed).unwrap().as_slice(),
            b"private"
        );
        assert!(key.open("keys", b"kid-2", &sealed).is_err());
        assert!(key.open("other", b"kid-1", &sealed).is_err());
        assert!(
            MasterKey::new([2; 32])
                .open("keys", b"kid-1", &sealed)
                .is_err()
        );
        let mut altered = sealed.clone();
        altered[20] ^= 1;
        assert!(key.open("keys", b"kid-1", &altered).is_err());
        assert!(key.open("keys", b"kid-1", &sealed[..5]).is_err());
    }

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
        assert_eq!(
            format!("{:?}", PasswordHash::new("$2b$12$abc".into())),
            REDACTED
        );
        assert_eq!(format!("{:?}", Bearer::new("ntt_rt_x".into())), REDACTED);
    }
}
