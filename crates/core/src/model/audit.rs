//! The audit trail as it is stored: security events in a chain, the head of the chain, keys of persons, checkpoints.

use crate::model::{EventId, SessionId, Timestamp, UserId};

/// A keyed digest that stands in the chain for a person, a session or an address, so that the id itself can be blanked
/// when the person is erased and the chain still verifies. Only who holds the root secret can tell whether it belongs to
/// an id that they know already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark([u8; 16]);

impl Mark {
    /// Takes a mark back from a store.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The mark as it is stored.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// A SHA-256 digest: the hash of an event together with all before it.
pub type ChainHash = [u8; 32];

/// An event as it stands in the chain. What the hash covers is said at each part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// 1, 2, 3 … in the order of commit, without gaps. Covered.
    pub sequence: i64,
    /// The event's id. Covered.
    pub id: EventId,
    /// The name of its kind, perhaps one that only a newer program knows. Covered.
    pub kind: String,
    /// When it happened. Covered.
    pub at: Timestamp,
    /// Who did it, for finding; blank once they are erased. Not covered: the mark is.
    pub actor: Option<UserId>,
    /// To whom, for finding; blank once they are erased. Not covered: the mark is.
    pub subject: Option<UserId>,
    /// Which session, for finding; blank once the actor or the subject is erased. Not covered: the mark is.
    pub session: Option<SessionId>,
    /// The address, for finding; blank once the person whose it is is erased. Not covered: the sealed address is.
    pub address_mark: Option<Mark>,
    /// The actor's mark. Covered.
    pub actor_mark: Option<Mark>,
    /// The subject's mark. Covered.
    pub subject_mark: Option<Mark>,
    /// The session's mark. Covered.
    pub session_mark: Option<Mark>,
    /// A word more, never personal. Covered.
    pub detail: Option<String>,
    /// Address, user agent and request id, encrypted under the key of the actor or else of the subject. Covered.
    pub sealed: Option<Vec<u8>>,
    /// SHA-256 over the hash of the event before, the sequence and everything covered.
    pub hash: ChainHash,
    /// HMAC over sequence and hash, which only who holds the root secret can make.
    pub mac: [u8; 16],
}

impl AuditRecord {
    /// The mark of the person whose address and user agent these are: the actor, or else the subject.
    pub fn owner(&self) -> Option<Mark> {
        self.actor_mark.or(self.subject_mark)
    }
}

/// Where the chain begins and ends: one row, locked by whoever appends until their commit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditHead {
    /// The sequence of the newest event; 0 if there was none.
    pub latest: i64,
    /// Its hash.
    pub hash: ChainHash,
    /// The sequence of the newest event that was forgotten because its time was over; 0 if none was.
    pub cut: i64,
    /// Its hash, from which the chain goes on.
    pub cut_hash: ChainHash,
    /// The sequence of the newest checkpoint; 0 if there is none.
    pub checkpoint: i64,
    /// Whether events from before there was a chain are still to be taken over.
    pub adopting: bool,
    /// HMAC over all of the above; none before the first event.
    pub mac: Option<[u8; 32]>,
}

/// The key under which what is personal of one person is encrypted, or that it was destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectKey {
    /// Whose.
    pub mark: Mark,
    /// The key, sealed under the root secret; none once the person is erased.
    pub sealed: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was destroyed.
    pub erased_at: Option<Timestamp>,
    /// HMAC over the mark and the time of destruction, so that nobody else can pretend one.
    pub proof: Option<[u8; 32]>,
}

/// A signed statement of how the chain stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The sequence of the newest event it covers.
    pub sequence: i64,
    /// The sequence of the checkpoint before; 0 for the first.
    pub previous: i64,
    /// When it was made.
    pub at: Timestamp,
    /// The hash of the newest event it covers.
    pub hash: ChainHash,
    /// The id of the key that signed.
    pub key: String,
    /// The Ed25519 signature.
    pub signature: [u8; 64],
}
