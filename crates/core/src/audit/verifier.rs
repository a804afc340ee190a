//! Verifying the chain, event by event, in constant memory.

use std::fmt;

use crate::audit::Chain;
use crate::audit::chain::same;
use crate::model::{AuditRecord, ChainHash};

/// Events of which it is looked up where they belong; a chain of which more are out of place is hardly one.
const SEARCHES: u32 = 10;

/// Something by which an event is found, and which is not part of what its hash covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Who did it.
    Actor,
    /// To whom.
    Subject,
    /// Which session.
    Session,
    /// From which address.
    Address,
}

impl Place {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Actor => "actor",
            Self::Subject => "subject",
            Self::Session => "session",
            Self::Address => "address",
        }
    }
}

/// What is wrong with the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields are sequences, as the text of each finding tells"
)]
pub enum Finding {
    /// The event is not what was written, or does not follow from the one before it.
    Edited { sequence: i64 },
    /// What the event is found by was changed or blanked, though nobody was erased.
    Unfindable { sequence: i64, place: Place },
    /// What the event is found by is still there, though the person was erased.
    Remaining { sequence: i64, place: Place },
    /// The event was written by somebody who has not this installation's root secret.
    Foreign { sequence: i64 },
    /// A genuine event that stands where another was.
    Misplaced { sequence: i64, belongs: i64 },
    /// The row cannot be read as an event.
    Unreadable { sequence: i64 },
    /// Events are missing between others.
    Missing { from: i64, to: i64 },
    /// The newest events are missing.
    CutTail { from: i64, to: i64 },
    /// An event before the beginning or after the end that the head tells of.
    Surplus { sequence: i64 },
    /// The head of the chain is not one that this installation wrote, or tells of another last event.
    HeadAltered,
    /// A checkpoint is not signed by this installation's key.
    CheckpointForeign { sequence: i64 },
    /// A genuine checkpoint tells of another event than the one that is there.
    CheckpointContradicts { sequence: i64 },
    /// A checkpoint is missing.
    CheckpointMissing { sequence: i64 },
    /// The checkpoints cannot be read.
    CheckpointsUnreadable,
    /// The key of the person whom the event concerns is missing, though they were not erased.
    KeyMissing { sequence: i64 },
    /// The key of the person whom the event concerns was altered.
    KeyAltered { sequence: i64 },
    /// The key of the person whom the event concerns was destroyed by somebody else than this installation.
    ErasureForged { sequence: i64 },
}

impl Finding {
    /// Its name, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Edited { .. } | Self::Unreadable { .. } | Self::Unfindable { .. } => "edited",
            Self::Remaining { .. } => "remaining",
            Self::Foreign { .. } => "foreign",
            Self::Misplaced { .. } => "reordered",
            Self::Missing { .. } => "missing",
            Self::CutTail { .. } => "cut_tail",
            Self::Surplus { .. } => "surplus",
            Self::HeadAltered => "head_altered",
            Self::CheckpointForeign { .. } | Self::CheckpointsUnreadable => "checkpoint_foreign",
            Self::CheckpointContradicts { .. } => "checkpoint_contradicts",
            Self::CheckpointMissing { .. } => "checkpoint_missing",
            Self::KeyMissing { .. } => "key_missing",
            Self::KeyAltered { .. } => "key_altered",
            Self::ErasureForged { .. } => "erasure_forged",
        }
    }

    /// The first sequence it concerns, if it concerns one.
    pub const fn sequence(&self) -> Option<i64> {
        match self {
            Self::Edited { sequence }
            | Self::Unfindable { sequence, .. }
            | Self::Remaining { sequence, .. }
            | Self::Foreign { sequence }
            | Self::Misplaced { sequence, .. }
            | Self::Unreadable { sequence }
            | Self::Missing { from: sequence, .. }
            | Self::CutTail { from: sequence, .. }
            | Self::Surplus { sequence }
            | Self::CheckpointForeign { sequence }
            | Self::CheckpointContradicts { sequence }
            | Self::CheckpointMissing { sequence }
            | Self::KeyMissing { sequence }
            | Self::KeyAltered { sequence }
            | Self::ErasureForged { sequence } => Some(*sequence),
            Self::HeadAltered | Self::CheckpointsUnreadable => None,
        }
    }
}

impl std::error::Error for Finding {}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edited { sequence } => write!(
                f,
                "event {sequence} was edited: it is not what was written there, or does not follow from the event before it"
            ),
            Self::Unfindable { sequence, place } => write!(
                f,
                "event {sequence} was edited: its {} is not the one that was written, and nobody was erased",
                place.as_str()
            ),
            Self::Remaining { sequence, place } => write!(
                f,
                "event {sequence} still tells its {}, though the person was erased",
                place.as_str()
            ),
            Self::Foreign { sequence } => write!(
                f,
                "event {sequence} is foreign: it was not written with this installation's root secret"
            ),
            Self::Misplaced { sequence, belongs } => write!(
                f,
                "the events were reordered: where event {sequence} was stands a copy of event {belongs}"
            ),
            Self::Unreadable { sequence } => {
                write!(f, "event {sequence} was edited: its row cannot be read")
            }
            Self::Missing { from, to } if from == to => write!(f, "event {from} is missing"),
            Self::Missing { from, to } => write!(f, "events {from} to {to} are missing"),
            Self::CutTail { from, to } if from == to => write!(
                f,
                "the tail was cut: event {from} was written and is missing"
            ),
            Self::CutTail { from, to } => write!(
                f,
                "the tail was cut: events {from} to {to} were written and are missing"
            ),
            Self::Surplus { sequence } => write!(
                f,
                "event {sequence} is outside the chain: it stands before its beginning or after its end"
            ),
            Self::HeadAltered => f.write_str(
                "the head of the chain was altered: it is not the one that this installation wrote for the newest event",
            ),
            Self::CheckpointForeign { sequence } => write!(
                f,
                "the checkpoint at event {sequence} is not signed by this installation's key"
            ),
            Self::CheckpointContradicts { sequence } => write!(
                f,
                "event {sequence} is not the one that a signed checkpoint tells of: the chain up to it was rewritten"
            ),
            Self::CheckpointMissing { sequence } => {
                write!(f, "the checkpoint at event {sequence} is missing")
            }
            Self::CheckpointsUnreadable => {
                f.write_str("the checkpoints were altered: they cannot be read")
            }
            Self::KeyMissing { sequence } => write!(
                f,
                "what is personal in event {sequence} cannot be read: the person's key is missing, and they were not erased"
            ),
            Self::KeyAltered { sequence } => write!(
                f,
                "what is personal in event {sequence} cannot be read: the person's key was altered"
            ),
            Self::ErasureForged { sequence } => write!(
                f,
                "the person of event {sequence} is said to be erased, but not by this installation"
            ),
        }
    }
}

/// Follows the chain from one event to the next.
pub(crate) struct Verifier {
    next: i64,
    /// What the hash of the event before can be: what stands there, and, if that is not genuine, what its content gives.
    previous: Vec<ChainHash>,
    /// Whether the hash of the event before is certain, so that one that does not follow from it was edited.
    certain: bool,
    searches: u32,
}

impl Verifier {
    /// Begins after the event of this sequence and hash.
    pub(crate) fn after(sequence: i64, hash: ChainHash) -> Self {
        Self {
            next: sequence + 1,
            previous: vec![hash],
            certain: true,
            searches: 0,
        }
    }

    /// The sequence of the event that comes next.
    pub(crate) fn next(&self) -> i64 {
        self.next
    }

    /// Takes the next row that is there, and tells what is wrong with it. `latest` bounds where it may belong instead.
    pub(crate) fn take(
        &mut self,
        chain: &Chain,
        record: &AuditRecord,
        latest: i64,
    ) -> Vec<Finding> {
        let sequence = record.sequence;
        let mut found = Vec::new();
        if sequence > self.next {
            found.push(Finding::Missing {
                from: self.next,
                to: sequence - 1,
            });
            self.certain = false;
        }
        let computed: Vec<ChainHash> = self
            .previous
            .iter()
            .map(|previous| Chain::hash(previous, record))
            .collect();
        let genuine = same(&chain.mac(sequence, &record.hash), &record.mac);
        let follows = computed.contains(&record.hash);
        match (genuine, follows) {
            (true, true) => {}
            // After a gap there is nothing to judge the content by.
            (true, false) if !self.certain => {}
            (true, false) => found.push(Finding::Edited { sequence }),
            (false, true) => found.push(Finding::Foreign { sequence }),
            (false, false) => found.push(self.stranger(chain, record, latest)),
        }
        self.next = sequence + 1;
        self.certain = genuine;
        self.previous = vec![record.hash];
        if !genuine {
            self.previous.extend(computed);
        }
        found
    }

    /// Passes over a row that cannot be read.
    pub(crate) fn skip(&mut self, sequence: i64) {
        self.next = sequence + 1;
        self.certain = false;
    }

    fn stranger(&mut self, chain: &Chain, record: &AuditRecord, latest: i64) -> Finding {
        let sequence = record.sequence;
        self.searches += 1;
        let belongs = (self.searches <= SEARCHES)
            .then(|| (1..=latest).find(|at| same(&chain.mac(*at, &record.hash), &record.mac)))
            .flatten();
        match belongs {
            Some(belongs) => Finding::Misplaced { sequence, belongs },
            None => Finding::Edited { sequence },
        }
    }
}
