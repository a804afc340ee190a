//! The header of a compact JWS (RFC 7515 § 4).

use crate::json::{Members, Value};
use crate::{Algorithm, JoseError, Malformation, Segment, base64url};

/// Parameters that would change what the rest of the token means: each is refused, never skipped.
///
/// `crit` names extensions, of which none is supported (RFC 7515 § 4.1.11); `b64` changes the signing input (RFC 7797);
/// `zip` and `enc` belong to encrypted tokens (RFC 7516); `jwk` is a key brought along by whoever made the token.
const FORBIDDEN: [&str; 5] = ["crit", "b64", "zip", "enc", "jwk"];

/// What a token's header says. **Not yet believed**: it serves to look a key up, no more, until the signature holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    algorithm: Algorithm,
    kid: Option<String>,
    typ: Option<String>,
}

impl Header {
    /// `alg`, one of the supported ones; the key must be of the same.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `kid`, as the sender wrote it: any text at all, so compare it and put it nowhere else.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// `typ`, as the sender wrote it.
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// Whether `typ` names this media type: without regard to case, and with or without `application/`
    /// (RFC 7515 § 4.1.9). A header without `typ` is of no type.
    pub fn is_typ(&self, expected: &str) -> bool {
        self.typ
            .as_deref()
            .is_some_and(|typ| subtype(typ).eq_ignore_ascii_case(subtype(expected)))
    }

    /// Reads the first segment.
    pub(crate) fn parse(segment: &str) -> Result<Self, JoseError> {
        let json = base64url::decode(segment).ok_or(Malformation::Base64(Segment::Header))?;
        let mut members = Members::parse(&json, Segment::Header)?;
        let algorithm = text(&mut members, "alg")?.ok_or(Malformation::HeaderParameter("alg"))?;
        if let Some(name) = FORBIDDEN.into_iter().find(|name| members.has(name)) {
            return Err(JoseError::ForbiddenHeader(name));
        }
        Ok(Self {
            algorithm: Algorithm::from_jose_name(&algorithm)
                .ok_or(JoseError::UnsupportedAlgorithm)?,
            kid: text(&mut members, "kid")?,
            typ: text(&mut members, "typ")?,
        })
    }
}

/// A header's parameter that must be text where it is present.
fn text(members: &mut Members<'_>, name: &'static str) -> Result<Option<String>, Malformation> {
    match members.take(name) {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text.into_owned())),
        Some(_) => Err(Malformation::HeaderParameter(name)),
    }
}

/// The part of a media type after `application/`, where that prefix may be left out.
fn subtype(media_type: &str) -> &str {
    const PREFIX: &str = "application/";
    match media_type.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => media_type,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_typ(typ: &str) -> Header {
        Header {
            algorithm: Algorithm::Es256,
            kid: None,
            typ: Some(typ.to_owned()),
        }
    }

    #[test]
    fn typ_is_a_media_type() {
        for typ in [
            "at+jwt",
            "AT+JWT",
            "application/at+jwt",
            "Application/At+Jwt",
        ] {
            assert!(of_typ(typ).is_typ("at+jwt"), "{typ}");
            assert!(of_typ(typ).is_typ("application/at+jwt"), "{typ}");
        }
        for typ in [
            "",
            "jwt",
            "at+jwt ",
            "at",
            "text/at+jwt",
            "application/",
            "application/application/at+jwt",
            "at+jwt;v=1",
            "applicatioñ/at+jwt",
        ] {
            assert!(!of_typ(typ).is_typ("at+jwt"), "{typ}");
        }
    }
}
