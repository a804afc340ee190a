//! The registered claims of a JWT (RFC 7519 § 4.1) and when they hold.

use std::borrow::Cow;

use crate::json::{Members, Value};
use crate::{JoseError, Segment};

/// The last second of the year 9999. A `NumericDate` beyond it is no date but a mistake, such as milliseconds.
pub const MAX_NUMERIC_DATE: u64 = 253_402_300_799;

/// What a token's registered claims are held against. Times are seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug)]
pub struct ClaimCheck<'a> {
    /// `iss` must be exactly this.
    pub issuer: &'a str,
    /// `aud` must be exactly this, or a list with this in it.
    pub audience: &'a str,
    /// The present, in seconds.
    pub now: u64,
    /// How far the issuer's clock may differ from ours, in seconds, in either direction.
    pub leeway: u64,
}

/// The registered claims of a token that passed a [`ClaimCheck`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredClaims<'a> {
    /// Issuer.
    pub iss: Cow<'a, str>,
    /// Subject.
    pub sub: Option<Cow<'a, str>>,
    /// Expiry, in seconds since 1970.
    pub exp: u64,
    /// Not before, in seconds since 1970.
    pub nbf: Option<u64>,
    /// Issued at, in seconds since 1970.
    pub iat: Option<u64>,
    /// Token id.
    pub jti: Option<Cow<'a, str>>,
}

impl<'a> RegisteredClaims<'a> {
    /// Reads the claims and checks them.
    ///
    /// `exp`, `iss` and `aud` must be there. A `NumericDate` is a whole number from 0 to [`MAX_NUMERIC_DATE`]; RFC 7519
    /// would allow fractions, but nobody issues them and each reader rounds them otherwise.
    pub(crate) fn check(payload: &'a [u8], check: &ClaimCheck<'_>) -> Result<Self, JoseError> {
        let mut members = Members::parse(payload, Segment::Payload)?;
        let claims = Self {
            iss: text(&mut members, "iss")?.ok_or(JoseError::MissingClaim("iss"))?,
            sub: text(&mut members, "sub")?,
            exp: numeric_date(&mut members, "exp")?.ok_or(JoseError::MissingClaim("exp"))?,
            nbf: numeric_date(&mut members, "nbf")?,
            iat: numeric_date(&mut members, "iat")?,
            jti: text(&mut members, "jti")?,
        };
        let for_us = match members.take("aud").ok_or(JoseError::MissingClaim("aud"))? {
            Value::Text(audience) => audience == check.audience,
            Value::Texts(audiences) => audiences.iter().any(|audience| audience == check.audience),
            Value::Whole(_) | Value::Other => return Err(JoseError::InvalidClaim("aud")),
        };
        if claims.iss != check.issuer {
            return Err(JoseError::WrongIssuer);
        }
        if !for_us {
            return Err(JoseError::WrongAudience);
        }
        let latest = check.now.saturating_add(check.leeway);
        if claims.nbf.is_some_and(|nbf| nbf > latest) || claims.iat.is_some_and(|iat| iat > latest)
        {
            return Err(JoseError::NotYetValid);
        }
        if claims.exp.saturating_add(check.leeway) <= check.now {
            return Err(JoseError::Expired);
        }
        Ok(claims)
    }
}

/// A claim that must be text where it is present.
fn text<'a>(
    members: &mut Members<'a>,
    name: &'static str,
) -> Result<Option<Cow<'a, str>>, JoseError> {
    match members.take(name) {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(JoseError::InvalidClaim(name)),
    }
}

/// A claim that must be a time where it is present.
fn numeric_date(members: &mut Members<'_>, name: &'static str) -> Result<Option<u64>, JoseError> {
    match members.take(name) {
        None => Ok(None),
        Some(Value::Whole(seconds)) if seconds <= MAX_NUMERIC_DATE => Ok(Some(seconds)),
        Some(_) => Err(JoseError::InvalidClaim(name)),
    }
}
