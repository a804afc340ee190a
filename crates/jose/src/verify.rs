//! From a text that a stranger sent to claims that can be believed.

use std::fmt;

use serde::Deserialize;

use crate::json::Members;
use crate::{
    ClaimCheck, Header, JoseError, Malformation, RegisteredClaims, Segment, VerifyingKey, base64url,
};

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A token whose signature holds. Made by [`verify`] alone.
///
/// That says who made it; whether it still holds, and for whom, says [`Verified::check`]. `Debug` leaves the payload out,
/// because claims are about people.
#[derive(Clone)]
pub struct Verified {
    header: Header,
    payload: Vec<u8>,
}

/// Verifies a compact JWS (RFC 7515 § 5.2).
///
/// `lookup` finds the key that the caller holds for this header; the key's algorithm must be the header's, so the
/// header cannot choose. `expected_typ` is the kind of token that the caller takes (RFC 8725 § 3.11); `None` takes any,
/// and suits only tokens of foreign issuers that do not write one.
///
/// # Errors
/// Every [`JoseError`] up to [`JoseError::WrongType`]; the payload is not looked at before the signature holds.
pub fn verify<'k>(
    token: &str,
    expected_typ: Option<&str>,
    lookup: impl FnOnce(&Header) -> Option<&'k VerifyingKey>,
) -> Result<Verified, JoseError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Malformation::TooLong.into());
    }
    let (signing_input, signature) = token.rsplit_once('.').ok_or(Malformation::Segments)?;
    let (header, payload) = signing_input
        .split_once('.')
        .ok_or(Malformation::Segments)?;
    if payload.contains('.') {
        return Err(Malformation::Segments.into());
    }

    let header = Header::parse(header)?;
    if expected_typ.is_some_and(|typ| !header.is_typ(typ)) {
        return Err(JoseError::WrongType);
    }
    let key = lookup(&header).ok_or(JoseError::UnknownKey)?;
    if key.algorithm() != header.algorithm() {
        return Err(JoseError::AlgorithmMismatch {
            header: header.algorithm(),
            key: key.algorithm(),
        });
    }

    let signature = base64url::decode(signature).ok_or(Malformation::Base64(Segment::Signature))?;
    if !key.accepts(signing_input.as_bytes(), &signature) {
        return Err(JoseError::BadSignature);
    }
    let payload = base64url::decode(payload).ok_or(Malformation::Base64(Segment::Payload))?;
    Ok(Verified { header, payload })
}

impl Verified {
    /// The header, now known to be the signer's.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The payload as it was signed; a JWS may carry anything.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Checks issuer, audience and times, and gives the registered claims.
    ///
    /// # Errors
    /// [`JoseError::Malformed`] if the payload is not one JSON object with distinct names; then, in this order, a claim
    /// that is absent or of the wrong type, the wrong issuer, the wrong audience, and the times last, so that
    /// [`JoseError::Expired`] is only ever said of a token that was once good here.
    pub fn check(&self, check: &ClaimCheck<'_>) -> Result<RegisteredClaims<'_>, JoseError> {
        RegisteredClaims::check(&self.payload, check)
    }

    /// [`Verified::check`], then the claims in the caller's own shape: one reading less than both calls.
    ///
    /// # Errors
    /// Those of [`Verified::check`]; then [`JoseError::UnexpectedClaims`] if the payload does not have the shape of `T`.
    pub fn checked_claims<'a, T: Deserialize<'a>>(
        &'a self,
        check: &ClaimCheck<'_>,
    ) -> Result<T, JoseError> {
        self.check(check)?;
        self.shaped()
    }

    /// The claims in the caller's own shape. Checks no times and no names: that is [`Verified::check`].
    ///
    /// # Errors
    /// [`JoseError::Malformed`] if the payload is not one JSON object with distinct names,
    /// [`JoseError::UnexpectedClaims`] if it does not have the shape of `T`.
    pub fn claims<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JoseError> {
        Members::parse(&self.payload, Segment::Payload)?;
        self.shaped()
    }

    /// Without looking for names that occur twice: whoever calls this has.
    fn shaped<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JoseError> {
        serde_json::from_slice(&self.payload)
            .map_err(|error| JoseError::UnexpectedClaims(error.to_string()))
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}
