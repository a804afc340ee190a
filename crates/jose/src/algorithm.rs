//! The signature algorithms this crate knows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A JWS algorithm (RFC 7518 § 3.1, RFC 8037 § 3.1).
///
/// Reads and writes as its JWA name, which is case-sensitive. `none` is not one of them and cannot be expressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `HS256`: HMAC with SHA-256. One secret signs and verifies, so its key is never published.
    Hs256,
    /// `RS256`: RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits or more.
    Rs256,
    /// `ES256`: ECDSA over P-256 with SHA-256.
    Es256,
    /// `EdDSA` over Ed25519; RFC 9864 calls the same signature `Ed25519`.
    EdDsa,
}

impl Algorithm {
    /// All of them, in the order in which they are documented.
    pub const ALL: [Self; 4] = [Self::Hs256, Self::Rs256, Self::Es256, Self::EdDsa];

    /// The JWA name, as written into headers and JWKs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Whether one secret both signs and verifies.
    pub fn is_symmetric(self) -> bool {
        self == Self::Hs256
    }

    /// The algorithm that a token or a JWK names: the JWA names, and `Ed25519` (RFC 9864) for [`Algorithm::EdDsa`].
    pub(crate) fn from_jose_name(name: &str) -> Option<Self> {
        if name == "Ed25519" {
            return Some(Self::EdDsa);
        }
        name.parse().ok()
    }
}

/// The name is not one of [`Algorithm::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown signature algorithm; known are HS256, RS256, ES256 and EdDSA")]
pub struct UnknownAlgorithm;

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.as_str() == name)
            .ok_or(UnknownAlgorithm)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_text_and_json() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
            let json = serde_json::to_string(&algorithm).unwrap();
            assert_eq!(serde_json::from_str::<Algorithm>(&json).unwrap(), algorithm);
        }
    }

    #[test]
    fn names_are_case_sensitive_and_none_is_not_one() {
        for name in [
            "none", "None", "NONE", "nOnE", "", "es256", "Es256", "eddsa", "RS512", "PS256",
            "ES256 ",
        ] {
            assert_eq!(name.parse::<Algorithm>(), Err(UnknownAlgorithm), "{name}");
            assert_eq!(Algorithm::from_jose_name(name), None, "{name}");
        }
    }

    #[test]
    fn rfc_9864_name_is_read_from_tokens_only() {
        assert_eq!(Algorithm::from_jose_name("Ed25519"), Some(Algorithm::EdDsa));
        assert_eq!("Ed25519".parse::<Algorithm>(), Err(UnknownAlgorithm));
        assert_eq!(Algorithm::EdDsa.to_string(), "EdDSA");
    }
}
