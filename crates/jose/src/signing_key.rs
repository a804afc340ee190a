//! What makes signatures.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{Algorithm, KeyError, SignError, VerifyingKey, base64url};

/// The shortest HS256 secret, in bytes: the length of its hash (RFC 7518 § 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

/// A key that signs with one algorithm under one `kid`, parsed once and kept.
///
/// `Debug` shows algorithm and `kid` only; the material is wiped when the key is dropped.
pub struct SigningKey {
    material: Material,
    verifying_key: VerifyingKey,
    kid: Box<str>,
    headers: Vec<EncodedHeader>,
}

enum Material {
    Hs256 {
        secret: Zeroizing<Vec<u8>>,
        key: Box<hmac::Key>,
    },
    Rs256(RsaKeyPair),
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

/// The first segment for one `typ`.
struct EncodedHeader {
    typ: Box<str>,
    segment: Box<str>,
}

/// How long a new RSA modulus is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RsaSize {
    /// 2048 bits, about as strong as 112 bits; what everybody reads.
    #[default]
    Bits2048,
    /// 3072 bits, about as strong as 128 bits; signing takes three times as long.
    Bits3072,
}

impl SigningKey {
    /// Makes a new key; for RS256 one of 2048 bits.
    ///
    /// `fill` is the caller's entropy: the HS256 secret, the Ed25519 seed and the P-256 scalar are drawn from it, so
    /// equal entropy gives an equal key. RSA primes come from the crypto library's own generator, which takes no other.
    ///
    /// # Errors
    /// [`KeyError::Entropy`] if `fill` gives no P-256 scalar in several draws, which chance does not do.
    pub fn generate(
        algorithm: Algorithm,
        kid: &str,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0_u8; 32]);
        match algorithm {
            Algorithm::Rs256 => Self::generate_rs256(RsaSize::default(), kid),
            Algorithm::Hs256 => {
                fill(seed.as_mut_slice());
                Self::from_secret_bytes(algorithm, kid, seed.as_slice())
            }
            Algorithm::EdDsa => {
                fill(seed.as_mut_slice());
                let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice())
                    .map_err(|_| KeyError::Library)?;
                Self::eddsa(kid, pair)
            }
            Algorithm::Es256 => Self::es256(kid, generate_p256(fill)?),
        }
    }

    /// Makes a new RSA key of this size, from the crypto library's own generator. Takes tens of milliseconds or more.
    ///
    /// # Errors
    /// [`KeyError::Library`].
    pub fn generate_rs256(size: RsaSize, kid: &str) -> Result<Self, KeyError> {
        let size = match size {
            RsaSize::Bits2048 => KeySize::Rsa2048,
            RsaSize::Bits3072 => KeySize::Rsa3072,
        };
        Self::rs256(
            kid,
            RsaKeyPair::generate(size).map_err(|_| KeyError::Library)?,
        )
    }

    /// Reads what [`SigningKey::to_secret_bytes`] wrote: for HS256 the secret itself, for the others a PKCS#8 document
    /// in DER (RFC 5958), such as other tools write too.
    ///
    /// # Errors
    /// [`KeyError::SecretTooShort`], [`KeyError::RsaSize`], [`KeyError::RsaExponent`], or [`KeyError::Rejected`] if the
    /// bytes are no key of this algorithm.
    pub fn from_secret_bytes(
        algorithm: Algorithm,
        kid: &str,
        bytes: &[u8],
    ) -> Result<Self, KeyError> {
        let rejected = |_| KeyError::Rejected(algorithm);
        match algorithm {
            Algorithm::Hs256 => Self::hs256(kid, bytes),
            Algorithm::Rs256 => Self::rs256(kid, RsaKeyPair::from_pkcs8(bytes).map_err(rejected)?),
            Algorithm::Es256 => Self::es256(
                kid,
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes)
                    .map_err(rejected)?,
            ),
            Algorithm::EdDsa => {
                Self::eddsa(kid, Ed25519KeyPair::from_pkcs8(bytes).map_err(rejected)?)
            }
        }
    }

    /// Prepares the header for tokens of this `typ`, so that signing one need not encode it again.
    #[must_use]
    pub fn with_header(mut self, typ: &str) -> Self {
        let segment = self.header(typ).into_boxed_str();
        self.headers.push(EncodedHeader {
            typ: typ.into(),
            segment,
        });
        self
    }

    /// The name by which tokens refer to this key.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithm of every signature this key makes.
    pub fn algorithm(&self) -> Algorithm {
        self.verifying_key.algorithm()
    }

    /// The key that verifies this key's signatures, under the same `kid`.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying_key
    }

    /// The whole secret, for sealing at rest; the form that [`SigningKey::from_secret_bytes`] reads.
    ///
    /// # Errors
    /// [`KeyError::Library`].
    pub fn to_secret_bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let document = match &self.material {
            Material::Hs256 { secret, .. } => return Ok(secret.clone()),
            Material::Rs256(pair) => pair
                .as_der()
                .map(|der| Zeroizing::new(der.as_ref().to_vec())),
            Material::Es256(pair) => pair
                .to_pkcs8v1()
                .map(|der| Zeroizing::new(der.as_ref().to_vec())),
            Material::EdDsa(pair) => pair
                .to_pkcs8v1()
                .map(|der| Zeroizing::new(der.as_ref().to_vec())),
        };
        document.map_err(|_| KeyError::Library)
    }

    /// A compact JWS over these claims as JSON, with the header `{"alg","kid","typ"}`.
    ///
    /// # Errors
    /// [`SignError::Claims`] if the claims cannot be written as JSON, [`SignError::Library`].
    pub fn sign_claims<T: Serialize + ?Sized>(
        &self,
        typ: &str,
        claims: &T,
    ) -> Result<String, SignError> {
        self.sign(typ, &serde_json::to_vec(claims)?)
    }

    /// A compact JWS over these bytes (RFC 7515 § 5.1), with the header `{"alg","kid","typ"}`.
    ///
    /// # Errors
    /// [`SignError::Library`].
    pub fn sign(&self, typ: &str, payload: &[u8]) -> Result<String, SignError> {
        let mut token = match self.headers.iter().find(|header| &*header.typ == typ) {
            Some(header) => {
                let mut token =
                    String::with_capacity(self.token_capacity(header.segment.len(), payload.len()));
                token.push_str(&header.segment);
                token
            }
            None => self.header(typ),
        };
        token.push('.');
        base64url::encode_onto(&mut token, payload);
        let signature = self.signature(token.as_bytes())?;
        token.push('.');
        base64url::encode_onto(&mut token, signature);
        Ok(token)
    }

    fn header(&self, typ: &str) -> String {
        let header =
            serde_json::json!({ "alg": self.algorithm().as_str(), "kid": &*self.kid, "typ": typ });
        base64url::encode(header.to_string())
    }

    fn token_capacity(&self, header: usize, payload: usize) -> usize {
        let signature = match &self.material {
            Material::Hs256 { .. } => 32,
            Material::Rs256(pair) => pair.public_modulus_len(),
            Material::Es256(_) | Material::EdDsa(_) => 64,
        };
        header + (payload + signature).div_ceil(3) * 4 + 4
    }

    fn signature(&self, signing_input: &[u8]) -> Result<Vec<u8>, SignError> {
        // The library draws its nonces itself; it takes a generator for its interface's sake only.
        let random = SystemRandom::new();
        let signature = match &self.material {
            Material::Hs256 { key, .. } => Ok(hmac::sign(key, signing_input).as_ref().to_vec()),
            Material::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, signing_input, &mut signature)
                    .map(|()| signature)
            }
            Material::Es256(pair) => pair
                .sign(&random, signing_input)
                .map(|signature| signature.as_ref().to_vec()),
            Material::EdDsa(pair) => pair
                .try_sign(signing_input)
                .map(|signature| signature.as_ref().to_vec()),
        };
        signature.map_err(|_| SignError::Library)
    }

    fn hs256(kid: &str, secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(KeyError::SecretTooShort);
        }
        let key = Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret));
        let verifying_key = VerifyingKey::hs256(Some(kid), key.clone());
        let secret = Zeroizing::new(secret.to_vec());
        Ok(Self::new(
            kid,
            Material::Hs256 { secret, key },
            verifying_key,
        ))
    }

    fn rs256(kid: &str, pair: RsaKeyPair) -> Result<Self, KeyError> {
        let public = pair.public_key();
        let n = public.modulus().big_endian_without_leading_zero();
        let e = public.exponent().big_endian_without_leading_zero();
        let verifying_key = VerifyingKey::rs256(Some(kid), n, e)?;
        Ok(Self::new(kid, Material::Rs256(pair), verifying_key))
    }

    fn es256(kid: &str, pair: EcdsaKeyPair) -> Result<Self, KeyError> {
        let rejected = KeyError::Rejected(Algorithm::Es256);
        // SEC 1 § 2.3.3: 04, then the coordinates.
        let [0x04, coordinates @ ..] = pair.public_key().as_ref() else {
            return Err(rejected);
        };
        let (x, y) = coordinates.split_first_chunk().ok_or(rejected)?;
        let y = y.try_into().map_err(|_| rejected)?;
        let verifying_key = VerifyingKey::es256(Some(kid), *x, y)?;
        Ok(Self::new(kid, Material::Es256(pair), verifying_key))
    }

    fn eddsa(kid: &str, pair: Ed25519KeyPair) -> Result<Self, KeyError> {
        let x = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| KeyError::Rejected(Algorithm::EdDsa))?;
        let verifying_key = VerifyingKey::eddsa(Some(kid), x)?;
        Ok(Self::new(kid, Material::EdDsa(pair), verifying_key))
    }

    fn new(kid: &str, material: Material, verifying_key: VerifyingKey) -> Self {
        Self {
            material,
            verifying_key,
            kid: kid.into(),
            headers: Vec::new(),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm())
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// A P-256 key by drawing scalars until one is in range (FIPS 186-5 § A.2.2).
fn generate_p256(fill: &mut dyn FnMut(&mut [u8])) -> Result<EcdsaKeyPair, KeyError> {
    /// An `ECPrivateKey` (RFC 5915 § 3) on P-256 with 32 bytes of scalar between these; the public key is left out, and
    /// the library computes it.
    const BEFORE: [u8; 7] = [0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20];
    const AFTER: [u8; 12] = [
        0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
    ];
    /// One draw fails with a chance of 2^-32.
    const DRAWS: usize = 8;

    let mut scalar = Zeroizing::new([0_u8; 32]);
    for _ in 0..DRAWS {
        fill(scalar.as_mut_slice());
        let der = Zeroizing::new([BEFORE.as_slice(), scalar.as_slice(), &AFTER].concat());
        if let Ok(pair) = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, &der)
        {
            return Ok(pair);
        }
    }
    Err(KeyError::Entropy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting() -> impl FnMut(&mut [u8]) {
        let mut next = 0_u8;
        move |bytes| {
            for byte in bytes {
                next = next.wrapping_add(1);
                *byte = next;
            }
        }
    }

    #[test]
    fn secrets_survive_being_stored() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::generate(algorithm, "k1", &mut counting()).unwrap();
            let again =
                SigningKey::from_secret_bytes(algorithm, "k1", &key.to_secret_bytes().unwrap())
                    .unwrap();
            assert_eq!(again.verifying_key().to_jwk(), key.verifying_key().to_jwk());
            assert_eq!(
                again.to_secret_bytes().unwrap(),
                key.to_secret_bytes().unwrap()
            );
            assert_eq!((again.algorithm(), again.kid()), (algorithm, "k1"));
        }
    }

    #[test]
    fn equal_entropy_gives_an_equal_key() {
        for algorithm in [Algorithm::Hs256, Algorithm::Es256, Algorithm::EdDsa] {
            let [one, two] =
                [(); 2].map(|()| SigningKey::generate(algorithm, "k", &mut counting()).unwrap());
            assert_eq!(
                one.to_secret_bytes().unwrap(),
                two.to_secret_bytes().unwrap()
            );
        }
    }

    #[test]
    fn rsa_sizes_are_what_they_say() {
        for (size, bits) in [(RsaSize::Bits2048, 2048), (RsaSize::Bits3072, 3072)] {
            let key = SigningKey::generate_rs256(size, "k").unwrap();
            let n = key.verifying_key().to_jwk().unwrap().n.unwrap();
            assert_eq!(base64url::decode(&n).unwrap().len() * 8, bits);
        }
    }

    #[test]
    fn broken_entropy_is_an_error_and_not_a_loop() {
        for constant in [0x00, 0xff] {
            let made =
                SigningKey::generate(Algorithm::Es256, "k", &mut |bytes| bytes.fill(constant));
            assert_eq!(made.err(), Some(KeyError::Entropy));
        }
    }

    #[test]
    fn bytes_of_another_kind_are_refused() {
        let ed = SigningKey::generate(Algorithm::EdDsa, "k", &mut counting())
            .unwrap()
            .to_secret_bytes()
            .unwrap();
        for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
            let read = SigningKey::from_secret_bytes(algorithm, "k", &ed);
            assert_eq!(read.err(), Some(KeyError::Rejected(algorithm)));
        }
        for length in [0, 1, 31] {
            let read = SigningKey::from_secret_bytes(Algorithm::Hs256, "k", &vec![7; length]);
            assert_eq!(read.err(), Some(KeyError::SecretTooShort));
        }
        assert!(SigningKey::from_secret_bytes(Algorithm::EdDsa, "k", &ed[..ed.len() - 1]).is_err());
    }

    #[test]
    fn debug_shows_no_secret() {
        let key =
            SigningKey::generate(Algorithm::Hs256, "k", &mut |bytes| bytes.fill(0xab)).unwrap();
        assert_eq!(
            format!("{key:?}"),
            r#"SigningKey { algorithm: Hs256, kid: "k", .. }"#
        );
        let verifying = format!("{:?}", key.verifying_key());
        assert_eq!(
            verifying,
            r#"VerifyingKey { algorithm: Hs256, kid: Some("k"), .. }"#
        );
    }

    #[test]
    fn a_prepared_header_changes_nothing() {
        let key = SigningKey::generate(Algorithm::EdDsa, "k\"1", &mut counting()).unwrap();
        let plain = key.sign("at+jwt", b"x").unwrap();
        let key = key.with_header("at+jwt").with_header("other");
        assert_eq!(key.sign("at+jwt", b"x").unwrap(), plain);
        let header = base64url::decode(plain.split('.').next().unwrap()).unwrap();
        assert_eq!(header, br#"{"alg":"EdDSA","kid":"k\"1","typ":"at+jwt"}"#);
    }
}
