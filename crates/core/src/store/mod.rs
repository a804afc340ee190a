//! What remembering promises: one small trait per aggregate, implemented for each engine.
//!
//! Reads need no transaction ([`Store::read`]). Writes happen in a [`Work`]: one short transaction in which nothing
//! is hashed and nothing is awaited but the store itself, and which may be run again when engines contend. A
//! rejection is part of a work's output and is committed; only a [`StoreError`] rolls back. A store never invents: ids,
//! times and hashes arrive in the values. *Exactly once* is one conditional write whose answer says whether it took.
//!
//! What holds of every noun:
//!
//! - A store has no clock. Only the times in the arguments count, and nodes' clocks differ: what has ended, was used, retired or
//!   closed stays so, whatever time a later call brings.
//! - Texts are kept as they are and compared by code point: no case, accent or width is overlooked, and no language's alphabet
//!   sorts them. No text holds a NUL, and nothing that is compared ends in a space:
//!   engines disagree on both.
//! - Numbers and times are all of `i64`. A limit of 0 gives nothing.
//! - A list is paged by the place of the last one seen: whoever was there is shown once and in order, however many come meanwhile.
//! - What a call says that it removed or changed is said to one caller alone, however many do the same at once.
//! - What is written together is seen together. If a work fails or panics, or whoever asked for it goes away, it was done wholly
//!   or not at all.

mod audit;
mod changes;
mod codes;
mod consents;
mod engine;
mod erasures;
mod error;
mod events;
mod examine;
mod imports;
mod itself;
mod jobs;
mod keys;
mod migration;
pub mod portable;
mod restored;
mod revocations;
mod root;
mod sessions;
mod setup;
mod stats;
mod throttles;
mod users;
mod work;

use async_trait::async_trait;

pub use audit::{Audit, AuditFilter, AuditQuery, ReadAudit};
pub use changes::Changes;
pub use codes::{Codes, ReadCodes};
pub use consents::{Consents, ReadConsents};
pub use engine::{Connections, EngineOptions, Gate, ManagedStore, OpenGate, Pass};
pub use erasures::{Erasures, ReadErasures};
pub use error::{StoreError, Unique};
pub use events::{Events, Notes, SubjectKeys};
pub use examine::{EngineFacts, SchemaFacts};
pub use imports::{Imports, ReadImports};
pub use jobs::{JobCount, JobQuery, Jobs, ReadJobs};
pub use keys::{Keys, ReadKeys};
pub use migration::can_live_with;
pub use restored::{Invalidated, Restores};
pub use revocations::{ReadRevocations, Revocations};
pub use root::{ReadRoot, Roots};
pub use sessions::{ReadSessions, Rotation, Sessions};
pub use setup::{ReadSetup, Setups};
pub use stats::{AccountCounts, ReadStats};
pub use throttles::{ReadThrottles, Throttles};
pub use users::{ReadUsers, UserFilter, UserPlace, UserQuery, UserSort, Users};
pub use work::{ErasedWork, Work, transact};

/// A view for reading, outside any transaction: each call sees what is committed.
pub trait Read: Send {
    /// Users.
    fn users(&mut self) -> &mut dyn ReadUsers;
    /// Sessions.
    fn sessions(&mut self) -> &mut dyn ReadSessions;
    /// Codes.
    fn codes(&mut self) -> &mut dyn ReadCodes;
    /// Jobs.
    fn jobs(&mut self) -> &mut dyn ReadJobs;
    /// Signing keys.
    fn keys(&mut self) -> &mut dyn ReadKeys;
    /// The revocation log.
    fn revocations(&mut self) -> &mut dyn ReadRevocations;
    /// The audit trail.
    fn audit(&mut self) -> &mut dyn ReadAudit;
    /// First set-up.
    fn setup(&mut self) -> &mut dyn ReadSetup;
    /// Counts over everything.
    fn stats(&mut self) -> &mut dyn ReadStats;
    /// Who was erased.
    fn erasures(&mut self) -> &mut dyn ReadErasures;
    /// Consents.
    fn consents(&mut self) -> &mut dyn ReadConsents;
    /// Counters of guesses.
    fn throttles(&mut self) -> &mut dyn ReadThrottles;
    /// How far imports have come.
    fn imports(&mut self) -> &mut dyn ReadImports;
    /// The sealed root secret.
    fn root(&mut self) -> &mut dyn ReadRoot;
}

/// An open transaction.
pub trait Tx: Send {
    /// Users.
    fn users(&mut self) -> &mut dyn Users;
    /// Sessions.
    fn sessions(&mut self) -> &mut dyn Sessions;
    /// Codes.
    fn codes(&mut self) -> &mut dyn Codes;
    /// Jobs.
    fn jobs(&mut self) -> &mut dyn Jobs;
    /// Signing keys.
    fn keys(&mut self) -> &mut dyn Keys;
    /// The revocation log.
    fn revocations(&mut self) -> &mut dyn Revocations;
    /// Security events, which take their place in the audit trail at the end of the transaction.
    fn events(&mut self) -> &mut dyn Events;
    /// The keys under which what is personal in events is encrypted.
    fn subject_keys(&mut self) -> &mut dyn SubjectKeys;
    /// The audit trail itself, for [`crate::audit`] alone.
    fn audit(&mut self) -> &mut dyn Audit;
    /// What was noted by [`Tx::events`] and [`Tx::subject_keys`] and not taken yet.
    fn take_notes(&mut self) -> Notes;
    /// First set-up.
    fn setup(&mut self) -> &mut dyn Setups;
    /// Who was erased.
    fn erasures(&mut self) -> &mut dyn Erasures;
    /// Consents.
    fn consents(&mut self) -> &mut dyn Consents;
    /// Making invalid what a restored store believes to be good.
    fn restores(&mut self) -> &mut dyn Restores;
    /// Counters of guesses.
    fn throttles(&mut self) -> &mut dyn Throttles;
    /// How far imports have come.
    fn imports(&mut self) -> &mut dyn Imports;
    /// The sealed root secret.
    fn root(&mut self) -> &mut dyn Roots;
}

/// A store of one engine, shared by all.
#[async_trait]
pub trait Store: Send + Sync {
    /// A view for reading.
    fn read(&self) -> Box<dyn Read + '_>;

    /// Runs a piece of work in one transaction and returns after its commit is durable. Use [`transact`], which
    /// gives back the work's output.
    async fn run(&self, work: Box<dyn ErasedWork>) -> Result<(), StoreError>;

    /// Overwrites what was deleted also in the engine's own journals, as far as it lets a client do that. `false` if
    /// somebody was reading them just now: then it is to be tried again later.
    async fn scrub(&self) -> Result<bool, StoreError> {
        Ok(true)
    }

    /// Begins to hear of what is committed, where the engine can tell that (PostgreSQL's `LISTEN`, MongoDB's change streams). `None`
    /// where it cannot: there whoever follows looks again and again.
    async fn changes(&self) -> Result<Option<Box<dyn Changes>>, StoreError> {
        Ok(None)
    }

    /// Whether the engine answers now.
    async fn ping(&self) -> Result<(), StoreError>;
}
