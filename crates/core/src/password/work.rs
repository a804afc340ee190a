use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::password::Plain;
use crate::password::encoded::{Argon2Setting, FormatError, Pbkdf2Setting, ScryptSetting};

/// The slow part of hashing or verifying, cut out so that somebody else can run it, on another thread and together with others.
#[derive(Debug)]
pub enum Work {
    /// One bcrypt: it is worth running several of these at once.
    Bcrypt(BcryptWork),
    /// Anything else, to be run one at a time.
    Other(OtherWork),
}

/// Everything that one question to a hasher costs, to be computed in one turn: what is computed in two turns waits twice, and so tells under load that
/// there is such an account.
#[derive(Debug)]
pub struct Task {
    /// What is asked for.
    pub work: Work,
    /// What a wrong password costs besides.
    pub besides: Besides,
}

/// Work for its duration only, by which a hash that is cheaper than the policy's costs as much as one of the policy.
#[derive(Debug)]
pub struct Besides {
    expected: Expected,
    works: Vec<BcryptWork>,
}

impl Task {
    /// Work that costs nothing besides.
    pub fn alone(work: Work) -> Self {
        let besides = Besides {
            expected: Expected::nothing(),
            works: Vec::new(),
        };
        Self { work, besides }
    }

    /// Work whose digest is compared with `expected`, and what else is computed if it is another.
    pub(crate) fn compared(work: Work, expected: Expected, works: Vec<BcryptWork>) -> Self {
        let besides = Besides { expected, works };
        Self { work, besides }
    }
}

impl Besides {
    /// What is to be computed after a digest was found. Its results are of no use to anybody.
    pub fn after(&self, found: &Digest) -> &[BcryptWork] {
        match self.expected.matches(found) {
            true => &[],
            false => &self.works,
        }
    }
}

/// What came out of [`Work`]. It is as secret as the hash it belongs to, and wiped when dropped.
#[derive(Clone)]
pub struct Digest(Zeroizing<Vec<u8>>);

impl Digest {
    /// Wraps the bytes that a primitive gave.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::secret::REDACTED)
    }
}

/// What a digest is compared with.
#[derive(Debug, Clone)]
pub struct Expected(Option<Digest>);

impl Expected {
    pub(crate) fn digest(bytes: &[u8]) -> Self {
        Self(Some(Digest::new(bytes.to_vec())))
    }

    /// What no digest equals: the work is done for its duration only.
    pub(crate) fn nothing() -> Self {
        Self(None)
    }

    /// Compares in constant time.
    pub fn matches(&self, found: &Digest) -> bool {
        self.0
            .as_ref()
            .is_some_and(|expected| expected.0.as_slice().ct_eq(found.0.as_slice()).into())
    }
}

/// One bcrypt. The digest it gives has the 23 bytes of the text form.
pub struct BcryptWork {
    key: Zeroizing<Vec<u8>>,
    salt: [u8; 16],
    cost: u8,
}

impl BcryptWork {
    pub(crate) fn new(key: Zeroizing<Vec<u8>>, salt: [u8; 16], cost: u8) -> Self {
        debug_assert!(key.len() <= 72 && !key.contains(&0));
        Self { key, salt, cost }
    }

    /// At most 72 bytes, none of them NUL.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The salt.
    pub fn salt(&self) -> [u8; 16] {
        self.salt
    }

    /// The base-2 logarithm of the number of key expansions, 4–16.
    pub fn cost(&self) -> u8 {
        self.cost
    }
}

impl fmt::Debug for BcryptWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BcryptWork")
            .field("cost", &self.cost)
            .finish_non_exhaustive()
    }
}

/// One argon2, scrypt or PBKDF2.
#[derive(Debug)]
pub struct OtherWork {
    password: Plain,
    derivation: Derivation,
    length: usize,
}

#[derive(Debug)]
pub(crate) enum Derivation {
    Argon2(Argon2Setting),
    Scrypt(ScryptSetting),
    Pbkdf2(Pbkdf2Setting),
}

impl OtherWork {
    /// Work whose digest shall have `length` bytes.
    pub(crate) fn new(password: &Plain, derivation: Derivation, length: usize) -> Self {
        Self {
            password: password.clone(),
            derivation,
            length,
        }
    }

    /// Does the work in this thread, which is busy for the whole time.
    pub fn run(&self, scratch: &mut Scratch) -> Result<Digest, FormatError> {
        let mut digest = Digest::new(vec![0; self.length]);
        let password = self.password.as_bytes();
        match &self.derivation {
            Derivation::Argon2(setting) => setting.derive(password, &mut digest.0, scratch)?,
            Derivation::Scrypt(setting) => setting.derive(password, &mut digest.0)?,
            Derivation::Pbkdf2(setting) => setting.derive(password, &mut digest.0),
        }
        Ok(digest)
    }
}

/// Memory that one thread keeps for argon2 from one work to the next: fresh pages would cost nearly as much as the hash.
#[derive(Default)]
pub struct Scratch(Vec<argon2::Block>);

impl Scratch {
    /// More than this is given back after use: 64 MiB.
    const KEPT_BLOCKS: usize = 64 << 10;

    /// No memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lends exactly `count` blocks of 1 KiB, whose content is left over from other work.
    pub(crate) fn with_blocks<T>(
        &mut self,
        count: usize,
        work: impl FnOnce(&mut [argon2::Block]) -> T,
    ) -> T {
        self.0.resize(count.max(self.0.len()), argon2::Block::new());
        let result = work(self.0.get_mut(..count).unwrap_or_default());
        if self.0.len() > Self::KEPT_BLOCKS {
            self.0 = Vec::new();
        }
        result
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch")
            .field("kib", &self.0.len())
            .finish()
    }
}
