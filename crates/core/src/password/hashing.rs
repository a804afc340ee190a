use argon2::Params;

use crate::password::Plain;
use crate::password::encoded::{Argon2Setting, BcryptSetting};
use crate::password::work::{Derivation, Digest, Expected, OtherWork, Work};
use crate::port::{Entropy, random};
use crate::secret::PasswordHash;

/// How new hashes are made, and the least that old ones must be not to be made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HashingPolicy {
    /// bcrypt: the default, at cost 12.
    Bcrypt {
        /// How much.
        cost: BcryptCost,
    },
    /// argon2id, version 1.3 (RFC 9106).
    Argon2id(Argon2Cost),
}

/// bcrypt's cost, the base-2 logarithm of the number of key expansions: 10–16, in tests from 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BcryptCost(u8);

/// argon2id's cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argon2Cost(Params);

/// A cost that would make hashes too weak, or logins too slow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    /// Of bcrypt.
    #[error("bcrypt cost {0} is outside 10-16")]
    Bcrypt(u8),
    /// Of bcrypt, where hashes shall be quick.
    #[error("bcrypt cost {0} is outside 4-16")]
    TestBcrypt(u8),
    /// Of argon2id.
    #[error(
        "argon2id with {memory_kib} KiB, {iterations} iterations and {lanes} lanes is outside what is accepted: 1-16 iterations, 1-16 lanes, at most 262144 KiB, \
         and at least 47104 KiB for one iteration, 19456 KiB for two, 12288 KiB for three or more"
    )]
    Argon2id {
        /// Memory in KiB.
        memory_kib: u32,
        /// Passes over it.
        iterations: u32,
        /// Lanes.
        lanes: u32,
    },
}

impl BcryptCost {
    /// The default.
    pub const TWELVE: Self = Self(12);

    /// Checks that the cost is 10–16.
    pub fn new(cost: u8) -> Result<Self, CostError> {
        if (10..=16).contains(&cost) {
            Ok(Self(cost))
        } else {
            Err(CostError::Bcrypt(cost))
        }
    }

    /// Checks that the cost is 4–16: for installations where nothing is at stake and hashes shall be quick.
    pub fn for_tests(cost: u8) -> Result<Self, CostError> {
        if (4..=16).contains(&cost) {
            Ok(Self(cost))
        } else {
            Err(CostError::TestBcrypt(cost))
        }
    }

    /// The cost.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl Argon2Cost {
    /// Memory in KiB, passes over it, and lanes. The least is what OWASP's table of equally strong settings says; the default is 19456, 2, 1.
    pub fn new(memory_kib: u32, iterations: u32, lanes: u32) -> Result<Self, CostError> {
        let least = match iterations {
            1 => 46 << 10,
            2 => 19 << 10,
            _ => 12 << 10,
        };
        let error = CostError::Argon2id {
            memory_kib,
            iterations,
            lanes,
        };
        if !(least..=256 << 10).contains(&memory_kib)
            || !(1..=16).contains(&iterations)
            || !(1..=16).contains(&lanes)
        {
            return Err(error);
        }
        // What is written must be readable again: the reader bounds the work as a whole.
        if memory_kib * iterations > 1 << 20 {
            return Err(error);
        }
        Params::new(memory_kib, iterations, lanes, None)
            .map(Self)
            .map_err(|_| error)
    }

    pub(crate) fn params(&self) -> &Params {
        &self.0
    }
}

impl Default for HashingPolicy {
    fn default() -> Self {
        Self::Bcrypt {
            cost: BcryptCost::TWELVE,
        }
    }
}

impl HashingPolicy {
    /// What must be computed to hash a new password with a fresh salt, and what makes a stored hash of the result.
    pub fn hash(&self, password: &Plain, entropy: &dyn Entropy) -> (Work, NewHash) {
        self.prepare(password, random(entropy))
    }

    /// Work that costs what verifying one of this policy's hashes costs, for accounts that do not exist. Nothing matches.
    pub fn decoy(&self, password: &Plain) -> (Work, Expected) {
        let (work, _) = self.prepare(password, [0; 16]);
        (work, Expected::nothing())
    }

    fn prepare(&self, password: &Plain, salt: [u8; 16]) -> (Work, NewHash) {
        match self {
            Self::Bcrypt { cost } => {
                let setting = BcryptSetting::new(password, salt, cost.get());
                let (work, _) = setting.work(password);
                (Work::Bcrypt(work), NewHash(Setting::Bcrypt(setting)))
            }
            Self::Argon2id(cost) => {
                let setting = Argon2Setting::new(cost.params().clone(), salt);
                let work = OtherWork::new(password, Derivation::Argon2(setting.clone()), 32);
                (Work::Other(work), NewHash(Setting::Argon2(setting)))
            }
        }
    }
}

/// A hash that lacks only its digest.
#[derive(Debug)]
pub struct NewHash(Setting);

#[derive(Debug)]
enum Setting {
    Bcrypt(BcryptSetting),
    Argon2(Argon2Setting),
}

impl NewHash {
    /// The hash as it is stored, once the work is done.
    pub fn finish(&self, digest: &Digest) -> PasswordHash {
        let digest = digest.as_bytes();
        PasswordHash::new(match &self.0 {
            Setting::Bcrypt(setting) => setting.text(digest),
            Setting::Argon2(setting) => setting.text(digest),
        })
    }
}
