//! PBKDF2 with HMAC (RFC 8018) in three text forms:
//!
//! | text | from |
//! |---|---|
//! | `$pbkdf2-sha256$i=600000$salt$digest` (also `,l=32`) | PHC string format |
//! | `$pbkdf2-sha256$29000$salt$digest`, SHA-1 as `$pbkdf2$…` | passlib, with `.` for `+` in its base64 |
//! | `pbkdf2_sha256$600000$salt$digest` | Django: a salt that is text |

use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::field::{BASE64, bytes, named, number, parts};
use crate::password::FormatError;

/// Iterations that are accepted: RFC 8018 wants 1000 at least; the most take about a second with SHA-512.
const ITERATIONS: std::ops::RangeInclusive<u32> = 1_000..=4_000_000;

/// Everything but the digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pbkdf2Setting {
    prf: Prf,
    iterations: u32,
    salt: Vec<u8>,
}

/// The pseudorandom function: HMAC with this hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prf {
    Sha1,
    Sha256,
    Sha512,
}

impl Prf {
    /// The longest digest that is accepted: one block, since each further one costs all the iterations again and gives nothing.
    const fn block(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

impl Pbkdf2Setting {
    pub(super) fn parse(rest: &str, prf: Prf) -> Result<(Self, Vec<u8>), FormatError> {
        let [settings, salt, digest] = parts(rest, '$')?;
        let (iterations, length) = match settings.split_once(',') {
            Some((iterations, length)) => (
                named(iterations, "i")?,
                Some(number(named(length, "l")?, 16..=64, "l")?),
            ),
            None => (settings.strip_prefix("i=").unwrap_or(settings), None),
        };
        let iterations = number(iterations, ITERATIONS, "the iterations")?;
        let salt = bytes(&BASE64, &salt.replace('.', "+"), 1..=64, "the salt")?;
        let digest = bytes(
            &BASE64,
            &digest.replace('.', "+"),
            16..=prf.block(),
            "the digest",
        )?;
        if length.is_some_and(|length| usize::try_from(length) != Ok(digest.len())) {
            return Err(FormatError::Malformed("l"));
        }
        Ok((
            Self {
                prf,
                iterations,
                salt,
            },
            digest,
        ))
    }

    pub(super) fn parse_django(rest: &str, prf: Prf) -> Result<(Self, Vec<u8>), FormatError> {
        let [iterations, salt, digest] = parts(rest, '$')?;
        let iterations = number(iterations, ITERATIONS, "the iterations")?;
        if salt.is_empty() || salt.len() > 64 {
            return Err(FormatError::Malformed("the salt"));
        }
        let digest = bytes(&BASE64, digest, 16..=prf.block(), "the digest")?;
        Ok((
            Self {
                prf,
                iterations,
                salt: salt.into(),
            },
            digest,
        ))
    }

    pub(crate) fn derive(&self, password: &[u8], digest: &mut [u8]) {
        let (salt, iterations) = (&self.salt, self.iterations);
        match self.prf {
            Prf::Sha1 => pbkdf2_hmac::<Sha1>(password, salt, iterations, digest),
            Prf::Sha256 => pbkdf2_hmac::<Sha256>(password, salt, iterations, digest),
            Prf::Sha512 => pbkdf2_hmac::<Sha512>(password, salt, iterations, digest),
        }
    }
}
