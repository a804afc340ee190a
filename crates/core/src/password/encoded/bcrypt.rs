//! bcrypt, plain and over a hash of the password.
//!
//! | text | function |
//! |---|---|
//! | `$2a$`, `$2b$`, `$2y$` + `12$` salt and digest | bcrypt of the password |
//! | `$bcrypt-sha256$v=2,t=2b,r=12$salt$digest` (passlib ≥ 1.7.3) | bcrypt of base64 of HMAC-SHA-256 of the password, keyed with the salt as written |
//! | `$bcrypt-sha256$2b,12$salt$digest` (passlib before) | bcrypt of base64 of SHA-256 of the password |
//! | `bcrypt$$2b$…` (Django) | bcrypt of the password |
//! | `bcrypt_sha256$$2b$…` (Django) | bcrypt of the hexadecimal SHA-256 of the password |
//!
//! `$2x$` is refused: it marks hashes of a faulty implementation that dropped parts of passwords with bytes above 127.

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::field::{BCRYPT64, bytes, named, number, parts};
use crate::password::work::BcryptWork;
use crate::password::{FormatError, Plain};

/// Costs that are accepted. One above would keep a thread for ten seconds.
const COSTS: std::ops::RangeInclusive<u32> = 4..=16;

/// The most bytes bcrypt takes.
const MAX_KEY: usize = 72;

/// Everything but the digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BcryptSetting {
    pub(crate) key: BcryptKey,
    pub(crate) salt: [u8; 16],
    pub(crate) cost: u8,
}

/// What is made of the password before bcrypt sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BcryptKey {
    /// Nothing.
    Password,
    /// base64(HMAC-SHA-256(salt as written, password)).
    KeyedSha256,
    /// base64(SHA-256(password)).
    Sha256,
    /// hex(SHA-256(password)).
    HexSha256,
}

impl BcryptSetting {
    pub(super) fn parse(text: &str) -> Result<(Self, Vec<u8>), FormatError> {
        let [before, version, cost, rest] = parts(text, '$')?;
        match (before, version) {
            ("", "2a" | "2b" | "2y") => {}
            ("", "2x") => {
                return Err(FormatError::Unsupported(
                    "$2x$, which marks hashes of a faulty bcrypt",
                ));
            }
            _ => return Err(FormatError::Malformed("the bcrypt version")),
        }
        let tens = cost.strip_prefix('0').unwrap_or(cost);
        if cost.len() != 2 {
            return Err(FormatError::Malformed("the cost"));
        }
        let (salt, digest) = rest
            .split_at_checked(22)
            .ok_or(FormatError::Malformed("the salt"))?;
        Self::assemble(BcryptKey::Password, tens, salt, digest)
    }

    pub(super) fn parse_passlib(rest: &str) -> Result<(Self, Vec<u8>), FormatError> {
        let [settings, salt, digest] = parts(rest, '$')?;
        let (key, cost) = if settings.starts_with("v=") {
            let [version, variant, rounds] = parts(settings, ',')?;
            if named(version, "v")? != "2" || named(variant, "t")? != "2b" {
                return Err(FormatError::Malformed("the bcrypt-sha256 version"));
            }
            (BcryptKey::KeyedSha256, named(rounds, "r")?)
        } else {
            let [variant, rounds] = parts(settings, ',')?;
            if !matches!(variant, "2a" | "2b") {
                return Err(FormatError::Malformed("the bcrypt-sha256 version"));
            }
            (BcryptKey::Sha256, rounds)
        };
        let parsed = Self::assemble(key, cost, salt, digest)?;
        // The salt as written is a key here, so noise in its spare bits would be another hash (and passlib refuses it).
        if key == BcryptKey::KeyedSha256 && parsed.0.written_salt() != salt {
            return Err(FormatError::Malformed("the salt"));
        }
        Ok(parsed)
    }

    pub(super) fn parse_django(rest: &str, key: BcryptKey) -> Result<(Self, Vec<u8>), FormatError> {
        let (setting, digest) = Self::parse(rest)?;
        Ok((Self { key, ..setting }, digest))
    }

    fn assemble(
        key: BcryptKey,
        cost: &str,
        salt: &str,
        digest: &str,
    ) -> Result<(Self, Vec<u8>), FormatError> {
        let cost = number(cost, COSTS, "the cost")?;
        let salt = bytes(&BCRYPT64, salt, 16..=16, "the salt")?;
        let setting = Self {
            key,
            salt: salt
                .try_into()
                .map_err(|_| FormatError::Malformed("the salt"))?,
            cost: u8::try_from(cost).map_err(|_| FormatError::Malformed("the cost"))?,
        };
        Ok((setting, bytes(&BCRYPT64, digest, 23..=23, "the digest")?))
    }

    /// How this installation hashes a password. Plain bcrypt where that is sound, so that any other system can read the hash; passlib's keyed form
    /// where bcrypt would ignore the end of the password or take a NUL byte for it.
    pub(crate) fn new(password: &Plain, salt: [u8; 16], cost: u8) -> Self {
        let key = if fits(password) {
            BcryptKey::Password
        } else {
            BcryptKey::KeyedSha256
        };
        Self { key, salt, cost }
    }

    /// The work for this password, and whether its outcome can mean that the password matches. It cannot where bcrypt would see only a part of it.
    pub(crate) fn work(&self, password: &Plain) -> (BcryptWork, bool) {
        let sound = self.key != BcryptKey::Password || fits(password);
        let key = match self.key {
            BcryptKey::Password if sound => Zeroizing::new(password.as_bytes().to_vec()),
            BcryptKey::Password => Zeroizing::default(),
            BcryptKey::KeyedSha256 => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.written_salt().as_bytes());
                Zeroizing::new(
                    BASE64_STANDARD
                        .encode(hmac::sign(&key, password.as_bytes()))
                        .into_bytes(),
                )
            }
            BcryptKey::Sha256 => {
                Zeroizing::new(BASE64_STANDARD.encode(sha256(password)).into_bytes())
            }
            BcryptKey::HexSha256 => {
                let hash = sha256(password);
                let digits = hash.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
                let mut hex = Zeroizing::new(Vec::with_capacity(64));
                hex.extend(digits.map(|digit| {
                    if digit < 10 {
                        b'0' + digit
                    } else {
                        b'a' + digit - 10
                    }
                }));
                hex
            }
        };
        (BcryptWork::new(key, self.salt, self.cost), sound)
    }

    fn written_salt(&self) -> String {
        BCRYPT64.encode(self.salt)
    }

    /// The text form, for the two kinds of key that this installation makes.
    pub(crate) fn text(&self, digest: &[u8]) -> String {
        let (cost, salt, digest) = (self.cost, self.written_salt(), BCRYPT64.encode(digest));
        match self.key {
            BcryptKey::KeyedSha256 => format!("$bcrypt-sha256$v=2,t=2b,r={cost}${salt}${digest}"),
            _ => format!("$2b${cost:02}${salt}{digest}"),
        }
    }
}

/// Whether bcrypt takes the password whole.
fn fits(password: &Plain) -> bool {
    password.as_bytes().len() <= MAX_KEY && !password.as_bytes().contains(&0)
}

fn sha256(password: &Plain) -> digest::Digest {
    digest::digest(&digest::SHA256, password.as_bytes())
}
