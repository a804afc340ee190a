//! The text forms of stored hashes: our own, and those of other systems (ACC-5).
//!
//! Each format has a file with its table. Whatever a string says, running it is bounded: parameters beyond the caps named in those files (cost 16,
//! 256 MiB, about two seconds) are refused when the string is read.

mod argon2;
mod bcrypt;
mod field;
mod pbkdf2;
mod scrypt;
#[cfg(test)]
mod tests;

use std::str::FromStr;

pub(crate) use self::argon2::Argon2Setting;
pub(crate) use self::bcrypt::{BcryptKey, BcryptSetting};
pub(crate) use self::pbkdf2::Pbkdf2Setting;
use self::pbkdf2::Prf;
pub(crate) use self::scrypt::ScryptSetting;
use crate::password::work::{Derivation, Expected, OtherWork, Task, Work};
use crate::password::{HashingPolicy, Plain};

/// A stored hash, understood.
#[derive(Debug, Clone)]
pub struct Encoded {
    scheme: Scheme,
    digest: Vec<u8>,
    /// Whether this installation could have written the text.
    native: bool,
}

#[derive(Debug, Clone)]
enum Scheme {
    Bcrypt(BcryptSetting),
    Argon2(Argon2Setting),
    Scrypt(ScryptSetting),
    Pbkdf2(Pbkdf2Setting),
}

/// Why a stored hash cannot be used. It says nothing of the hash itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// No format begins like this.
    #[error("the format is not known")]
    Unknown,
    /// The format is known, and deliberately not accepted.
    #[error("not supported: {0}")]
    Unsupported(&'static str),
    /// A part is missing or is not what the format has there.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// A parameter is outside what is accepted.
    #[error("{name} is {value}, accepted are {}-{}", range.0, range.1)]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// What it is.
        value: u32,
        /// The lowest and the highest accepted.
        range: (u32, u32),
    },
    /// The parameters together ask for too much time or memory.
    #[error("its parameters ask for too much time or memory")]
    TooCostly,
}

/// A string that is longer is no hash.
const MAX_LENGTH: usize = 512;

impl FromStr for Encoded {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        if text.len() > MAX_LENGTH {
            return Err(FormatError::Unknown);
        }
        let (name, rest) = text
            .strip_prefix('$')
            .unwrap_or(text)
            .split_once('$')
            .ok_or(FormatError::Unknown)?;
        if text.starts_with('$') {
            phc(text, name, rest)
        } else {
            django(name, rest)
        }
    }
}

/// Modular and PHC strings: `$name$rest`.
fn phc(text: &str, name: &str, rest: &str) -> Result<Encoded, FormatError> {
    match name {
        "2a" | "2b" | "2x" | "2y" => Ok(Encoded::bcrypt(BcryptSetting::parse(text)?, true)),
        "bcrypt-sha256" => Ok(Encoded::bcrypt(BcryptSetting::parse_passlib(rest)?, true)),
        "argon2d" | "argon2i" | "argon2id" => {
            Ok(Encoded::argon2(Argon2Setting::parse(text)?, true))
        }
        "scrypt" => Ok(Encoded::scrypt(ScryptSetting::parse(rest)?)),
        "fbscrypt" => Ok(Encoded::scrypt(ScryptSetting::parse_firebase(rest)?)),
        "pbkdf2" | "pbkdf2-sha1" => Ok(Encoded::pbkdf2(Pbkdf2Setting::parse(rest, Prf::Sha1)?)),
        "pbkdf2-sha256" => Ok(Encoded::pbkdf2(Pbkdf2Setting::parse(rest, Prf::Sha256)?)),
        "pbkdf2-sha512" => Ok(Encoded::pbkdf2(Pbkdf2Setting::parse(rest, Prf::Sha512)?)),
        _ => Err(FormatError::Unknown),
    }
}

/// Django's strings: `name$rest`.
fn django(name: &str, rest: &str) -> Result<Encoded, FormatError> {
    match name {
        "pbkdf2_sha256" => Ok(Encoded::pbkdf2(Pbkdf2Setting::parse_django(
            rest,
            Prf::Sha256,
        )?)),
        "pbkdf2_sha1" => Ok(Encoded::pbkdf2(Pbkdf2Setting::parse_django(
            rest,
            Prf::Sha1,
        )?)),
        "bcrypt_sha256" => Ok(Encoded::bcrypt(
            BcryptSetting::parse_django(rest, BcryptKey::HexSha256)?,
            false,
        )),
        "bcrypt" => Ok(Encoded::bcrypt(
            BcryptSetting::parse_django(rest, BcryptKey::Password)?,
            false,
        )),
        "argon2" => Ok(Encoded::argon2(
            Argon2Setting::parse(&format!("${rest}"))?,
            false,
        )),
        "scrypt" => Ok(Encoded::scrypt(ScryptSetting::parse_django(rest)?)),
        _ => Err(FormatError::Unknown),
    }
}

impl Encoded {
    fn bcrypt((setting, digest): (BcryptSetting, Vec<u8>), native: bool) -> Self {
        Self {
            scheme: Scheme::Bcrypt(setting),
            digest,
            native,
        }
    }

    fn argon2((setting, digest): (Argon2Setting, Vec<u8>), native: bool) -> Self {
        Self {
            scheme: Scheme::Argon2(setting),
            digest,
            native,
        }
    }

    fn scrypt((setting, digest): (ScryptSetting, Vec<u8>)) -> Self {
        Self {
            scheme: Scheme::Scrypt(setting),
            digest,
            native: false,
        }
    }

    fn pbkdf2((setting, digest): (Pbkdf2Setting, Vec<u8>)) -> Self {
        Self {
            scheme: Scheme::Pbkdf2(setting),
            digest,
            native: false,
        }
    }

    /// What must be computed to compare `password` with this hash, and what to compare the result with.
    pub fn verification(&self, password: &Plain) -> (Work, Expected) {
        let expected = Expected::digest(&self.digest);
        let derivation = match &self.scheme {
            Scheme::Bcrypt(setting) => {
                let (work, sound) = setting.work(password);
                return (
                    Work::Bcrypt(work),
                    if sound { expected } else { Expected::nothing() },
                );
            }
            Scheme::Argon2(setting) => Derivation::Argon2(setting.clone()),
            Scheme::Scrypt(setting) => Derivation::Scrypt(setting.clone()),
            Scheme::Pbkdf2(setting) => Derivation::Pbkdf2(setting.clone()),
        };
        (
            Work::Other(OtherWork::new(password, derivation, self.digest.len())),
            expected,
        )
    }

    /// The same, with what a wrong password costs besides, so that an account whose hash is cheaper than the policy's takes as long to refuse as one
    /// that does not exist.
    pub fn task(&self, password: &Plain, policy: &HashingPolicy) -> (Task, Expected) {
        let (work, expected) = self.verification(password);
        let lacking = self
            .lacking(policy)
            .map(|cost| BcryptSetting::new(password, [0; 16], cost).work(password).0)
            .collect();
        (Task::compared(work, expected.clone(), lacking), expected)
    }

    /// The costs of bcrypt that a hash lacks: from its own to one below the policy's, each once, which is together the difference.
    fn lacking(&self, policy: &HashingPolicy) -> std::ops::Range<u8> {
        match (&self.scheme, policy) {
            (Scheme::Bcrypt(setting), HashingPolicy::Bcrypt { cost }) => setting.cost..cost.get(),
            _ => 0..0,
        }
    }

    /// Whether the hash is foreign or weaker than `policy` and should be made anew when the password is at hand. A stronger one is left alone.
    pub fn needs_upgrade(&self, policy: &HashingPolicy) -> bool {
        let current = match (&self.scheme, policy) {
            (Scheme::Bcrypt(setting), HashingPolicy::Bcrypt { cost }) => {
                matches!(setting.key, BcryptKey::Password | BcryptKey::KeyedSha256)
                    && setting.cost >= cost.get()
            }
            (Scheme::Argon2(setting), HashingPolicy::Argon2id(params)) => {
                setting.at_least(params.params())
            }
            _ => false,
        };
        !(current && self.native)
    }
}
