//! Public keys as JSON (RFC 7517). A private member cannot be held here, hence neither be read nor written.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

/// A JSON Web Key (RFC 7517 § 4): public, of any type, not yet a key.
///
/// Reading refuses a JWK with private or symmetric members (`d`, `p`, `q`, `dp`, `dq`, `qi`, `oth`, `k`): who sends one
/// has lost it. Members that this crate does not know are ignored, and so is `x5c`. To use it, make a
/// [`VerifyingKey`](crate::VerifyingKey) of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Received")]
pub struct Jwk {
    pub(crate) kty: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kid: Option<String>,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub(crate) intended_use: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_ops: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) alg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) e: Option<String>,
}

impl Jwk {
    /// `kid`: the name by which tokens refer to this key.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// `kty`: the family, such as `EC`.
    pub fn kty(&self) -> &str {
        &self.kty
    }

    /// A key of this type for verifying signatures, without its parameters.
    pub(crate) fn for_signatures(kty: &str, alg: &str, kid: Option<&str>) -> Self {
        Self {
            kty: kty.to_owned(),
            kid: kid.map(str::to_owned),
            intended_use: Some("sig".to_owned()),
            key_ops: None,
            alg: Some(alg.to_owned()),
            crv: None,
            x: None,
            y: None,
            n: None,
            e: None,
        }
    }
}

/// A JWK Set (RFC 7517 § 5), as served at `jwks_uri`.
///
/// A set may hold keys that no supported algorithm uses; they are kept, and refused only when made into a
/// [`VerifyingKey`](crate::VerifyingKey), so that one strange key does not hide the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwks {
    /// The keys, in the order in which they are served.
    pub keys: Vec<Jwk>,
}

/// A JWK as it arrives.
#[derive(Deserialize)]
struct Received {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    intended_use: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    #[serde(
        default,
        deserialize_with = "present",
        alias = "p",
        alias = "q",
        alias = "dp",
        alias = "dq",
        alias = "qi",
        alias = "oth",
        alias = "k"
    )]
    d: bool,
}

/// A member that is there, even as null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// The key that arrived is not a public one.
#[derive(Debug, thiserror::Error)]
#[error("the JWK holds private or symmetric key material")]
struct PrivateKeyReceived;

impl TryFrom<Received> for Jwk {
    type Error = PrivateKeyReceived;

    fn try_from(received: Received) -> Result<Self, PrivateKeyReceived> {
        if received.d {
            return Err(PrivateKeyReceived);
        }
        Ok(Self {
            kty: received.kty,
            kid: received.kid,
            intended_use: received.intended_use,
            key_ops: received.key_ops,
            alg: received.alg,
            crv: received.crv,
            x: received.x,
            y: received.y,
            n: received.n,
            e: received.e,
        })
    }
}
