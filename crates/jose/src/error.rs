//! What can go wrong, named after who is to blame.

use std::fmt;

use crate::Algorithm;

/// Why a token was refused.
///
/// None of these texts belongs in an answer to the sender: say "invalid" there, and log this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoseError {
    /// The sender: this is not a token that any issuer could have made.
    #[error("malformed token: {0}")]
    Malformed(#[from] Malformation),
    /// The issuer: `alg` is `none` or an algorithm that this crate does not know.
    #[error("the header's alg is none or unknown")]
    UnsupportedAlgorithm,
    /// The issuer: the header has a parameter that would change what the token means (`crit`, `b64`, `zip`, `enc`) or
    /// that brings its own key (`jwk`).
    #[error("the header parameter {0} is refused")]
    ForbiddenHeader(&'static str),
    /// The caller's lookup knows no key for this header.
    #[error("no key for this token")]
    UnknownKey,
    /// The sender: the key that the header points at is of another algorithm. Algorithm confusion looks like this.
    #[error("the header says {header}, its key is for {key}")]
    AlgorithmMismatch {
        /// What the header claims.
        header: Algorithm,
        /// What the key is.
        key: Algorithm,
    },
    /// The sender: altered, truncated, or signed by someone else.
    #[error("the signature does not match")]
    BadSignature,
    /// The sender: a token of one kind was offered as another (RFC 8725 § 3.11), or one without `typ`.
    #[error("the header's typ is not the expected one")]
    WrongType,
    /// The issuer: a claim that the check needs is absent.
    #[error("the claim {0} is absent")]
    MissingClaim(&'static str),
    /// The issuer: a registered claim is of the wrong JSON type or out of range.
    #[error("the claim {0} is of the wrong type or out of range")]
    InvalidClaim(&'static str),
    /// The issuer: the claims are JSON, but not of the shape that the caller asked for.
    #[error("the claims are not of the expected shape: {0}")]
    UnexpectedClaims(String),
    /// Time: `exp` has come.
    #[error("expired")]
    Expired,
    /// Time: `nbf` or `iat` lies in the future.
    #[error("not yet valid")]
    NotYetValid,
    /// The sender: signed by a known key, but for another issuer's name.
    #[error("wrong issuer")]
    WrongIssuer,
    /// The sender: a token for somebody else.
    #[error("wrong audience")]
    WrongAudience,
}

/// In what way a token is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformation {
    /// Longer than [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES).
    #[error("too long")]
    TooLong,
    /// Not three segments between two dots; five would be an encrypted token, which is not supported.
    #[error("not three segments")]
    Segments,
    /// Not canonical base64url: padding, white space, foreign characters or bits left over.
    #[error("the {0} is not base64url")]
    Base64(Segment),
    /// Not one JSON object in UTF-8.
    #[error("the {0} is not a JSON object")]
    Json(Segment),
    /// An object, at any depth, names a member twice (RFC 7515 § 4).
    #[error("the {0} names a member twice")]
    DuplicateMember(Segment),
    /// A header parameter that this crate reads is absent or not text.
    #[error("the header parameter {0} is absent or not text")]
    HeaderParameter(&'static str),
}

/// One of the three parts of a compact JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    /// The first.
    Header,
    /// The second.
    Payload,
    /// The third.
    Signature,
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        })
    }
}

/// Why key material was refused or could not be made. Never holds a part of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// An HS256 secret shorter than its hash (RFC 7518 § 3.2).
    #[error("an HS256 secret must have at least 32 bytes")]
    SecretTooShort,
    /// An RSA modulus outside 2048 to 8192 bits (RFC 7518 § 3.3).
    #[error("an RSA key must have 2048 to 8192 bits")]
    RsaSize,
    /// An RSA public exponent below 65537 (FIPS 186-5 § 5.1).
    #[error("an RSA key must have a public exponent of 65537 or more")]
    RsaExponent,
    /// The bytes are not a key of this algorithm.
    #[error("not a valid {0} key")]
    Rejected(Algorithm),
    /// A JWK of a type or curve that no supported algorithm uses, or a symmetric one.
    #[error("the JWK's kty or crv is not supported for verification")]
    UnsupportedType,
    /// A JWK member that its type needs is absent or wrongly encoded.
    #[error("the JWK member {0} is absent or wrongly encoded")]
    Member(&'static str),
    /// A JWK whose `use` or `key_ops` does not allow verification (RFC 7517 § 4.2, § 4.3).
    #[error("the JWK is not meant for verifying signatures")]
    NotForVerification,
    /// A JWK whose `alg` is not the one its type implies.
    #[error("the JWK's alg does not fit its type")]
    AlgorithmMismatch,
    /// The given entropy produced no usable key in several draws: it is broken.
    #[error("the entropy source produced no usable key")]
    Entropy,
    /// The crypto library could not make or write out a key.
    #[error("the crypto library failed to make or write out a key")]
    Library,
}

/// Why a token could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The caller: the claims cannot be written as JSON.
    #[error("the claims cannot be written as JSON")]
    Claims(#[from] serde_json::Error),
    /// The crypto library failed to sign.
    #[error("the crypto library failed to sign")]
    Library,
}
