//! The audit trail (PRO-5): security events in a chain of hashes that whoever can write the store cannot recompute, with
//! what is personal encrypted under a key per person, so that erasing somebody leaves the chain whole.
//!
//! `docs/AUDIT.md` tells how it is encoded, what it proves and what it cannot; `docs/adr/0004-audit-trail.md` why.

mod chain;
mod checkpoint;
mod pace;
mod personal;
mod trail;
mod verifier;

pub(crate) use chain::Chain;
pub use checkpoint::{CheckpointKey, MalformedCheckpoint, checkpoint_text, parse_checkpoint};
pub(crate) use pace::Pace;
pub(crate) use personal::{Keys, Person, Personal, Persons};
pub(crate) use trail::{Audited, Fit, Trail};
pub(crate) use verifier::Verifier;
pub use verifier::{Finding, Place};
