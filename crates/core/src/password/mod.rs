//! Passwords: what they must be, how they are hashed, and how hashes of other systems are read.
//!
//! Nothing here waits and nothing here runs for long: the slow part is handed out as [`Work`], and whoever implements [`Hasher`] runs it.
//!
//! ```text
//! verify:  Encoded::from_str → task(password, policy) → (Task, Expected) … Expected::matches(digest), needs_upgrade(policy)
//! hash:    HashingPolicy::hash(password, entropy)     → (Work, NewHash)  … NewHash::finish(digest)
//! ```

mod breach;
mod common;
mod encoded;
mod hasher;
mod hashing;
mod plain;
mod policy;
mod work;

pub(crate) use breach::NoBreaches;
pub use breach::{Breaches, BreachesUnreachable, LeakDigest};
pub use encoded::{Encoded, FormatError};
pub use hasher::{Hasher, HasherError, Verdict};
pub use hashing::{Argon2Cost, BcryptCost, CostError, HashingPolicy, NewHash};
pub use plain::Plain;
pub use policy::{CharacterClass, PasswordPolicy};
pub use work::{BcryptWork, Besides, Digest, Expected, OtherWork, Scratch, Task, Work};
