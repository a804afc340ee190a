//! The audit trail. What is written here is computed by [`crate::audit`]; a store only keeps it.

use async_trait::async_trait;

use crate::model::{
    AuditHead, AuditRecord, Checkpoint, EventId, EventKind, Mark, SecurityEvent, SessionId,
    SubjectKey, Timestamp, UserId,
};
use crate::store::StoreError;

/// Which events. All that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of one of these kinds; of any if there is none.
    pub kinds: Vec<EventKind>,
    /// Done by this user.
    pub actor: Option<UserId>,
    /// Done to this user.
    pub subject: Option<UserId>,
    /// In or to this session.
    pub session: Option<SessionId>,
    /// From the address of this mark.
    pub address: Option<Mark>,
    /// At or after this time.
    pub after: Option<Timestamp>,
    /// Before this time.
    pub before: Option<Timestamp>,
}

/// One page of events, newest first; of the same time, the one that was committed last first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditQuery {
    /// Which.
    pub filter: AuditFilter,
    /// Only those older than this place, which is the time and sequence of the last one seen.
    pub place: Option<(Timestamp, i64)>,
    /// How many at most.
    pub limit: u32,
}

/// Reading the audit trail.
#[async_trait]
pub trait ReadAudit: Send {
    /// The head of the chain.
    async fn head(&mut self) -> Result<AuditHead, StoreError>;

    /// At most `limit` events after `sequence`, in the order of the chain.
    async fn after(&mut self, sequence: i64, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;

    /// One page, newest first.
    async fn page(&mut self, query: &AuditQuery) -> Result<Vec<AuditRecord>, StoreError>;

    /// The key of a person.
    async fn key(&mut self, mark: Mark) -> Result<Option<SubjectKey>, StoreError>;

    /// At most `limit` checkpoints after `sequence`, in order.
    async fn checkpoints(
        &mut self,
        sequence: i64,
        limit: u32,
    ) -> Result<Vec<Checkpoint>, StoreError>;

    /// At most `limit` events from before there was a chain, oldest first.
    async fn unchained(&mut self, limit: u32) -> Result<Vec<SecurityEvent>, StoreError>;
}

/// Writing the audit trail. Whoever writes locks the head first.
#[async_trait]
pub trait Audit: ReadAudit {
    /// Locks the head until the commit, and gives it as it is then.
    async fn lock_head(&mut self) -> Result<AuditHead, StoreError>;

    /// Writes the head.
    async fn set_head(&mut self, head: &AuditHead) -> Result<(), StoreError>;

    /// Adds an event.
    async fn insert(&mut self, record: &AuditRecord) -> Result<(), StoreError>;

    /// Writes the key of a person, in the place of one that is there.
    async fn put_key(&mut self, key: &SubjectKey) -> Result<(), StoreError>;

    /// Blanks this user's id, and sessions and address marks with it, wherever they stand; says in how many events.
    async fn blank(&mut self, user: UserId) -> Result<u64, StoreError>;

    /// Adds a checkpoint.
    async fn insert_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError>;

    /// Forgets the events up to and with `sequence`; says how many.
    async fn trim(&mut self, sequence: i64) -> Result<u64, StoreError>;

    /// Forgets the checkpoints before `sequence`; says how many.
    async fn trim_checkpoints(&mut self, sequence: i64) -> Result<u64, StoreError>;

    /// Forgets events from before there was a chain, up to and with `id`; says how many.
    async fn forget_unchained(&mut self, id: EventId) -> Result<u64, StoreError>;
}
