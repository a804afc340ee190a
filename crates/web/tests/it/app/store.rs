//! A store that can be taken away.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use ntt_auth_core::model::{
    AuditHead, AuditRecord, Checkpoint, ClientMark, Code, CodeHash, CodeKind, Consent, ErasedId,
    Erasure, EventKind, FoldedEmail, FoldedUsername, Import, ImportDigest, Job, JobId, Mark,
    Revocation, SecurityEvent, Session, SessionId, Setup, StoredKey, SubjectKey, Throttle,
    ThrottleId, Timestamp, User, UserId,
};
use ntt_auth_core::store::{
    AccountCounts, AuditQuery, ErasedWork, JobCount, JobQuery, Read, ReadAudit, ReadCodes,
    ReadConsents, ReadErasures, ReadImports, ReadJobs, ReadKeys, ReadRevocations, ReadRoot,
    ReadSessions, ReadSetup, ReadStats, ReadThrottles, ReadUsers, Store, StoreError, UserQuery,
};

/// A store behind a switch, which counts how often it is asked.
pub(crate) struct Switch {
    store: Arc<dyn Store>,
    away: AtomicBool,
    asked: AtomicU64,
}

impl Switch {
    pub(crate) fn over(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            store,
            away: AtomicBool::new(false),
            asked: AtomicU64::new(0),
        })
    }

    /// Takes the store away.
    pub(crate) fn off(&self) {
        self.away.store(true, Ordering::SeqCst);
    }

    /// Gives it back.
    pub(crate) fn on(&self) {
        self.away.store(false, Ordering::SeqCst);
    }

    /// How often the store was asked for anything.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    fn ask(&self) -> Result<(), StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            Err(StoreError::unavailable("switched off by a test"))
        } else {
            Ok(())
        }
    }
}

#[async_trait]
impl Store for Switch {
    fn read(&self) -> Box<dyn Read + '_> {
        match self.ask() {
            Ok(()) => self.store.read(),
            Err(_) => Box::new(Away),
        }
    }

    async fn run(&self, work: Box<dyn ErasedWork>) -> Result<(), StoreError> {
        self.ask()?;
        self.store.run(work).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.ask()?;
        self.store.ping().await
    }
}

/// What is read while the store is away: nothing.
struct Away;

fn gone<T>() -> Result<T, StoreError> {
    Err(StoreError::unavailable("switched off by a test"))
}

ntt_auth_core::read_as_itself!(Away);

#[async_trait]
impl ReadUsers for Away {
    async fn by_id(&mut self, _: UserId) -> Result<Option<User>, StoreError> {
        gone()
    }
    async fn by_email(&mut self, _: &FoldedEmail) -> Result<Option<User>, StoreError> {
        gone()
    }
    async fn by_username(&mut self, _: &FoldedUsername) -> Result<Option<User>, StoreError> {
        gone()
    }
    async fn page(&mut self, _: &UserQuery) -> Result<Vec<User>, StoreError> {
        gone()
    }
    async fn deleted_before(&mut self, _: Timestamp, _: u32) -> Result<Vec<UserId>, StoreError> {
        gone()
    }
    async fn unverified_before(&mut self, _: Timestamp, _: u32) -> Result<Vec<UserId>, StoreError> {
        gone()
    }
    async fn count_super_admins(&mut self) -> Result<u64, StoreError> {
        gone()
    }
}

#[async_trait]
impl ReadRoot for Away {
    async fn sealed(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        gone()
    }
}

#[async_trait]
impl ReadStats for Away {
    async fn accounts(&mut self, _: Timestamp) -> Result<AccountCounts, StoreError> {
        gone()
    }
    async fn open_sessions(&mut self, _: Timestamp) -> Result<u64, StoreError> {
        gone()
    }
    async fn events(
        &mut self,
        _: EventKind,
        _: Timestamp,
        _: Timestamp,
    ) -> Result<u64, StoreError> {
        gone()
    }
}

#[async_trait]
impl ReadSessions for Away {
    async fn by_id(&mut self, _: SessionId) -> Result<Option<Session>, StoreError> {
        gone()
    }
    async fn of_user(
        &mut self,
        _: UserId,
        _: Option<SessionId>,
        _: u32,
    ) -> Result<Vec<Session>, StoreError> {
        gone()
    }
    async fn open_of_user(&mut self, _: UserId, _: Timestamp) -> Result<Vec<Session>, StoreError> {
        gone()
    }
    async fn seen(
        &mut self,
        _: UserId,
        _: &ClientMark,
        _: Option<IpAddr>,
    ) -> Result<bool, StoreError> {
        gone()
    }
}

#[async_trait]
impl ReadCodes for Away {
    async fn by_hash(&mut self, _: CodeKind, _: &CodeHash) -> Result<Option<Code>, StoreError> {
        gone()
    }
}

#[async_trait]
impl ReadJobs for Away {
    async fn by_id(&mut self, _: JobId) -> Result<Option<Job>, StoreError> {
        gone()
    }
    async fn due(&mut self, _: Timestamp, _: u32) -> Result<Vec<JobId>, StoreError> {
        gone()
    }
    async fn of_subject(&mut self, _: UserId, _: u32) -> Result<Vec<Job>, StoreError> {
        gone()
    }
    async fn page(&mut self, _: &JobQuery) -> Result<Vec<Job>, StoreError> {
        gone()
    }
    async fn asked_since(&mut self, _: UserId, _: &str, _: Timestamp) -> Result<u64, StoreError> {
        gone()
    }
    async fn counts(&mut self) -> Result<Vec<JobCount>, StoreError> {
        gone()
    }
}

#[async_trait]
impl ReadKeys for Away {
    async fn all(&mut self) -> Result<Vec<StoredKey>, StoreError> {
        gone()
    }
}

#[async_trait]
impl ReadRevocations for Away {
    async fn after(&mut self, _: i64, _: u32) -> Result<Vec<Revocation>, StoreError> {
        gone()
    }
    async fn latest(&mut self) -> Result<i64, StoreError> {
        gone()
    }
}

#[async_trait]
impl ReadAudit for Away {
    async fn head(&mut self) -> Result<AuditHead, StoreError> {
        gone()
    }
    async fn after(&mut self, _: i64, _: u32) -> Result<Vec<AuditRecord>, StoreError> {
        gone()
    }
    async fn page(&mut self, _: &AuditQuery) -> Result<Vec<AuditRecord>, StoreError> {
        gone()
    }
    async fn key(&mut self, _: Mark) -> Result<Option<SubjectKey>, StoreError> {
        gone()
    }
    async fn checkpoints(&mut self, _: i64, _: u32) -> Result<Vec<Checkpoint>, StoreError> {
        gone()
    }
    async fn unchained(&mut self, _: u32) -> Result<Vec<SecurityEvent>, StoreError> {
        gone()
    }
}

#[async_trait]
impl ReadErasures for Away {
    async fn page(&mut self, _: Option<ErasedId>, _: u32) -> Result<Vec<Erasure>, StoreError> {
        gone()
    }
    async fn users_after(&mut self, _: Option<UserId>, _: u32) -> Result<Vec<UserId>, StoreError> {
        gone()
    }
}

#[async_trait]
impl ReadConsents for Away {
    async fn of_user(&mut self, _: UserId) -> Result<Vec<Consent>, StoreError> {
        gone()
    }
}

#[async_trait]
impl ReadSetup for Away {
    async fn get(&mut self) -> Result<Setup, StoreError> {
        gone()
    }
}

#[async_trait]
impl ReadThrottles for Away {
    async fn get(&mut self, _: &ThrottleId) -> Result<Option<Throttle>, StoreError> {
        gone()
    }
}

#[async_trait]
impl ReadImports for Away {
    async fn by_digest(&mut self, _: &ImportDigest) -> Result<Option<Import>, StoreError> {
        gone()
    }
}
