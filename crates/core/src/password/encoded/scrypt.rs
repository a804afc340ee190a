//! scrypt (RFC 7914) in three text forms:
//!
//! | text | from |
//! |---|---|
//! | `$scrypt$ln=17,r=8,p=1$salt$digest` | PHC string format; passlib |
//! | `scrypt$16384$salt$8$5$digest` | Django: N itself, and a salt that is text |
//! | `$fbscrypt$v=1,n=14,r=8,p=1,ss=separator,sk=signer$salt$digest` | Firebase, as Supabase's importer writes it: `n` is the logarithm of N |
//!
//! Firebase's variant appends the project's separator to the salt, and stores the project's signer key encrypted with the derived key (AES-256-CTR,
//! counter from zero) instead of the derived key. Both secrets of the project ride in each string, because no other place is sure to be at hand when a
//! single account signs in for the first time.

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use scrypt::Params;
use zeroize::Zeroizing;

use super::field::{BASE64, bytes, named, number, parts};
use crate::password::FormatError;

/// The most memory is 128 bytes times this: 128 MiB.
const MAX_MEMORY: u64 = 1 << 20;

/// The most work is this many blocks of 128 bytes, four times what OWASP advises; about a second.
const MAX_BLOCKS: u64 = 1 << 22;

/// Everything but the digest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScryptSetting {
    params: Params,
    salt: Vec<u8>,
    /// Firebase's signer key.
    signer: Option<Vec<u8>>,
}

impl ScryptSetting {
    pub(super) fn parse(rest: &str) -> Result<(Self, Vec<u8>), FormatError> {
        let [settings, salt, digest] = parts(rest, '$')?;
        let [log_n, r, p] = parts(settings, ',')?;
        let params = params(
            log_2("ln", named(log_n, "ln")?)?,
            named(r, "r")?,
            named(p, "p")?,
        )?;
        let salt = bytes(&BASE64, salt, 1..=64, "the salt")?;
        let digest = bytes(&BASE64, digest, 16..=64, "the digest")?;
        Ok((
            Self {
                params,
                salt,
                signer: None,
            },
            digest,
        ))
    }

    pub(super) fn parse_django(rest: &str) -> Result<(Self, Vec<u8>), FormatError> {
        let [n, salt, r, p, digest] = parts(rest, '$')?;
        let n = number(n, 2..=1 << 20, "N")?;
        if !n.is_power_of_two() {
            return Err(FormatError::Malformed("N"));
        }
        let params = params(n.ilog2(), r, p)?;
        if salt.is_empty() || salt.len() > 64 {
            return Err(FormatError::Malformed("the salt"));
        }
        let digest = bytes(&BASE64, digest, 16..=64, "the digest")?;
        Ok((
            Self {
                params,
                salt: salt.into(),
                signer: None,
            },
            digest,
        ))
    }

    pub(super) fn parse_firebase(rest: &str) -> Result<(Self, Vec<u8>), FormatError> {
        let [settings, salt, digest] = parts(rest, '$')?;
        let [version, log_n, r, p, separator, signer] = parts(settings, ',')?;
        if named(version, "v")? != "1" {
            return Err(FormatError::Malformed("the version"));
        }
        let params = params(
            log_2("n", named(log_n, "n")?)?,
            named(r, "r")?,
            named(p, "p")?,
        )?;
        let mut salt = bytes(&BASE64, salt, 1..=64, "the salt")?;
        salt.extend(bytes(
            &BASE64,
            named(separator, "ss")?,
            0..=64,
            "the salt separator",
        )?);
        let signer = bytes(&BASE64, named(signer, "sk")?, 16..=128, "the signer key")?;
        let digest = bytes(&BASE64, digest, signer.len()..=signer.len(), "the digest")?;
        Ok((
            Self {
                params,
                salt,
                signer: Some(signer),
            },
            digest,
        ))
    }

    pub(crate) fn derive(&self, password: &[u8], digest: &mut [u8]) -> Result<(), FormatError> {
        let Some(signer) = &self.signer else {
            return scrypt::scrypt(password, &self.salt, &self.params, digest)
                .map_err(|_| FormatError::Malformed("the digest"));
        };
        let mut derived = Zeroizing::new([0; 32]);
        scrypt::scrypt(password, &self.salt, &self.params, derived.as_mut())
            .map_err(|_| FormatError::Malformed("the digest"))?;
        digest.copy_from_slice(signer);
        UnboundCipherKey::new(&AES_256, derived.as_ref())
            .and_then(EncryptingKey::ctr)
            .and_then(|key| {
                key.less_safe_encrypt(digest, EncryptionContext::Iv128(FixedLength::from([0; 16])))
            })
            .map(drop)
            .map_err(|_| FormatError::Malformed("the signer key"))
    }
}

fn log_2(name: &'static str, text: &str) -> Result<u32, FormatError> {
    number(text, 1..=20, name)
}

fn params(log_n: u32, r: &str, p: &str) -> Result<Params, FormatError> {
    let r = number(r, 1..=64, "r")?;
    let p = number(p, 1..=64, "p")?;
    let memory = u64::from(r) << log_n;
    if memory > MAX_MEMORY || memory * u64::from(p) > MAX_BLOCKS {
        return Err(FormatError::TooCostly);
    }
    u8::try_from(log_n)
        .ok()
        .and_then(|log_n| Params::new(log_n, r, p).ok())
        .ok_or(FormatError::Malformed("N, r, p"))
}
