//! Compact JWS, JWK and JWKS over one crypto library (`aws-lc-rs`).
//!
//! RFC 7515 (JWS, compact serialization only), RFC 7517 and 7518 (JWK and the algorithms `HS256`, `RS256`, `ES256`),
//! RFC 8037 and 9864 (`EdDSA` over Ed25519), RFC 7638 (thumbprint), RFC 7519 § 4.1 (registered claims), under the
//! advice of RFC 8725. This crate knows no accounts, no configuration, no HTTP and no clock: times are arguments.
//!
//! What it promises:
//! - **The key fixes the algorithm.** A header can only agree with its key or be refused; it never chooses.
//! - **A key comes from the caller alone.** `jku`, `x5u` and `x5c` are ignored, an embedded `jwk` is refused.
//! - **Claims come out of a [`Verified`] alone**, and a [`Verified`] comes out of a checked signature alone.
//! - **Absent differs from wrong.** An `exp` that is text, a fraction, null or negative is refused, never skipped.
//!
//! ```
//! use ntt_auth_jose::{Algorithm, ClaimCheck, SigningKey, verify};
//! # let mut n = 0_u8;
//! # let mut entropy = |bytes: &mut [u8]| for byte in bytes { n = n.wrapping_add(1); *byte = n; };
//! let key = SigningKey::generate(Algorithm::Es256, "2026-11", &mut entropy)?.with_header("at+jwt");
//! let claims = serde_json::json!({ "iss": "https://id.example", "aud": "api", "sub": "ada", "exp": 1_900 });
//! let token = key.sign_claims("at+jwt", &claims)?;
//!
//! let public = key.verifying_key();
//! let verified = verify(&token, Some("at+jwt"), |header| (header.kid() == Some("2026-11")).then_some(public))?;
//! let check = ClaimCheck { issuer: "https://id.example", audience: "api", now: 1_000, leeway: 5 };
//! assert_eq!(verified.check(&check)?.sub.as_deref(), Some("ada"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
mod base64url;
mod claims;
mod error;
mod header;
mod json;
mod jwk;
mod signing_key;
mod verify;
mod verifying_key;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use claims::{ClaimCheck, MAX_NUMERIC_DATE, RegisteredClaims};
pub use error::{JoseError, KeyError, Malformation, Segment, SignError};
pub use header::Header;
pub use jwk::{Jwk, Jwks};
pub use signing_key::{MIN_SECRET_BYTES, RsaSize, SigningKey};
pub use verify::{MAX_TOKEN_BYTES, Verified, verify};
pub use verifying_key::VerifyingKey;
