//! What checks a signature: a public key, or the one secret of HS256.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use aws_lc_rs::{digest, hmac};

use crate::{Algorithm, Jwk, KeyError, base64url};

/// A key that verifies one algorithm's signatures, parsed once and kept.
///
/// `Debug` shows algorithm and `kid` only, because for HS256 the rest is the secret.
#[derive(Clone)]
pub struct VerifyingKey {
    kid: Option<Box<str>>,
    material: Material,
}

#[derive(Clone)]
enum Material {
    Hs256(Box<hmac::Key>),
    /// Modulus and exponent, big-endian, without leading zeros.
    Rs256 {
        key: ParsedPublicKey,
        n: Box<[u8]>,
        e: Box<[u8]>,
    },
    /// The two affine coordinates.
    Es256 {
        key: ParsedPublicKey,
        x: [u8; 32],
        y: [u8; 32],
    },
    EdDsa {
        key: ParsedPublicKey,
        x: [u8; 32],
    },
}

impl VerifyingKey {
    /// The one algorithm whose signatures this key verifies.
    pub fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Hs256(_) => Algorithm::Hs256,
            Material::Rs256 { .. } => Algorithm::Rs256,
            Material::Es256 { .. } => Algorithm::Es256,
            Material::EdDsa { .. } => Algorithm::EdDsa,
        }
    }

    /// The name by which tokens refer to this key.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The key as a JWK with `use` = `sig`, for publishing; `None` for HS256, whose key is a secret.
    pub fn to_jwk(&self) -> Option<Jwk> {
        let jwk = |kty| Jwk::for_signatures(kty, self.algorithm().as_str(), self.kid());
        Some(match &self.material {
            Material::Hs256(_) => return None,
            Material::Rs256 { n, e, .. } => Jwk {
                n: Some(base64url::encode(n)),
                e: Some(base64url::encode(e)),
                ..jwk("RSA")
            },
            Material::Es256 { x, y, .. } => Jwk {
                crv: Some("P-256".to_owned()),
                x: Some(base64url::encode(x)),
                y: Some(base64url::encode(y)),
                ..jwk("EC")
            },
            Material::EdDsa { x, .. } => Jwk {
                crv: Some("Ed25519".to_owned()),
                x: Some(base64url::encode(x)),
                ..jwk("OKP")
            },
        })
    }

    /// The key that a JWK describes: `RSA` for RS256, `EC` on P-256 for ES256, `OKP` on Ed25519 for `EdDSA`.
    ///
    /// # Errors
    /// [`KeyError::UnsupportedType`], [`KeyError::NotForVerification`] and [`KeyError::AlgorithmMismatch`] say that the
    /// JWK is for something else; the others that it is no key.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let algorithm = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => Algorithm::Rs256,
            ("EC", Some("P-256")) => Algorithm::Es256,
            ("OKP", Some("Ed25519")) => Algorithm::EdDsa,
            _ => return Err(KeyError::UnsupportedType),
        };
        let other_use = jwk
            .intended_use
            .as_deref()
            .is_some_and(|intended| intended != "sig");
        let other_ops = jwk
            .key_ops
            .as_ref()
            .is_some_and(|ops| !ops.iter().any(|op| op == "verify"));
        if other_use || other_ops {
            return Err(KeyError::NotForVerification);
        }
        if jwk
            .alg
            .as_deref()
            .is_some_and(|name| Algorithm::from_jose_name(name) != Some(algorithm))
        {
            return Err(KeyError::AlgorithmMismatch);
        }
        let kid = jwk.kid();
        match algorithm {
            Algorithm::Hs256 => Err(KeyError::UnsupportedType),
            Algorithm::Rs256 => Self::rs256(
                kid,
                &bytes(jwk.n.as_ref(), "n")?,
                &bytes(jwk.e.as_ref(), "e")?,
            ),
            Algorithm::Es256 => Self::es256(
                kid,
                coordinate(jwk.x.as_ref(), "x")?,
                coordinate(jwk.y.as_ref(), "y")?,
            ),
            Algorithm::EdDsa => Self::eddsa(kid, coordinate(jwk.x.as_ref(), "x")?),
        }
    }

    /// The SHA-256 thumbprint of the public key in base64url (RFC 7638 § 3, RFC 8037 § 2); `None` for HS256, where it
    /// would be a hash of the secret.
    pub fn thumbprint(&self) -> Option<String> {
        // The members of each type in lexicographic order; base64url needs no escapes.
        let canonical = match &self.material {
            Material::Hs256(_) => return None,
            Material::Rs256 { n, e, .. } => {
                format!(
                    r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
                    base64url::encode(e),
                    base64url::encode(n)
                )
            }
            Material::Es256 { x, y, .. } => {
                format!(
                    r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
                    base64url::encode(x),
                    base64url::encode(y)
                )
            }
            Material::EdDsa { x, .. } => {
                format!(
                    r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
                    base64url::encode(x)
                )
            }
        };
        Some(base64url::encode(digest::digest(
            &digest::SHA256,
            canonical.as_bytes(),
        )))
    }

    /// Whether this is the signature of this input. Constant-time where the key is secret.
    pub(crate) fn accepts(&self, signing_input: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Hs256(key) => hmac::verify(key, signing_input, signature).is_ok(),
            Material::Rs256 { key, .. }
            | Material::Es256 { key, .. }
            | Material::EdDsa { key, .. } => key.verify_sig(signing_input, signature).is_ok(),
        }
    }

    pub(crate) fn hs256(kid: Option<&str>, key: Box<hmac::Key>) -> Self {
        Self::new(kid, Material::Hs256(key))
    }

    pub(crate) fn rs256(kid: Option<&str>, n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let rejected = KeyError::Rejected(Algorithm::Rs256);
        let (Some(1..), Some(1..)) = (n.first(), e.first()) else {
            return Err(rejected); // empty, or with a leading zero: then one key had two thumbprints
        };
        if !matches!(n.len(), 256..=1024) || (n.len() == 256 && n.first() < Some(&0x80)) {
            return Err(KeyError::RsaSize);
        }
        if e.len() < 3 || (e.len() == 3 && e < [1, 0, 1].as_slice()) {
            return Err(KeyError::RsaExponent);
        }
        // By way of DER, because only that way the library checks the key as a whole.
        let der = RsaPublicKeyComponents { n, e }
            .as_der()
            .map_err(|_| rejected)?;
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der.as_ref())
            .map_err(|_| rejected)?;
        Ok(Self::new(
            kid,
            Material::Rs256 {
                key,
                n: n.into(),
                e: e.into(),
            },
        ))
    }

    pub(crate) fn es256(kid: Option<&str>, x: [u8; 32], y: [u8; 32]) -> Result<Self, KeyError> {
        let point = [&[0x04], x.as_slice(), y.as_slice()].concat(); // SEC 1 § 2.3.3, uncompressed
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .map_err(|_| KeyError::Rejected(Algorithm::Es256))?;
        Ok(Self::new(kid, Material::Es256 { key, x, y }))
    }

    pub(crate) fn eddsa(kid: Option<&str>, x: [u8; 32]) -> Result<Self, KeyError> {
        let key =
            ParsedPublicKey::new(&ED25519, x).map_err(|_| KeyError::Rejected(Algorithm::EdDsa))?;
        Ok(Self::new(kid, Material::EdDsa { key, x }))
    }

    fn new(kid: Option<&str>, material: Material) -> Self {
        Self {
            kid: kid.map(Into::into),
            material,
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("algorithm", &self.algorithm())
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// A JWK's member in base64url.
fn bytes(member: Option<&String>, name: &'static str) -> Result<Vec<u8>, KeyError> {
    member
        .and_then(|text| base64url::decode(text))
        .ok_or(KeyError::Member(name))
}

/// A coordinate at its full length, leading zeros included (RFC 7518 § 6.2.1.2).
fn coordinate(member: Option<&String>, name: &'static str) -> Result<[u8; 32], KeyError> {
    bytes(member, name)?
        .try_into()
        .map_err(|_| KeyError::Member(name))
}

#[cfg(test)]
mod tests;
