//! Writing the trail: whatever a transaction noted takes its place in the chain before the commit.

use std::sync::Arc;

use async_trait::async_trait;

use crate::audit::personal::DataKey;
use crate::audit::{Chain, Keys, Person, Personal, Persons};
use crate::model::{AuditHead, AuditRecord, Mark, SecurityEvent, SessionId, Timestamp, UserId};
use crate::port::Entropy;
use crate::secret::{RootSecret, Unsealable};
use crate::store::{Notes, StoreError, Tx, Work};

/// A detail is a word or two; what is longer is cut.
const DETAIL_CHARACTERS: usize = 200;

/// The audit trail of an installation.
pub(crate) struct Trail {
    pub(crate) chain: Chain,
    pub(crate) keys: Keys,
    entropy: Arc<dyn Entropy>,
}

impl Trail {
    /// Derives the keys.
    pub(crate) fn new(root: &RootSecret, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            chain: Chain::new(root),
            keys: Keys::new(root),
            entropy,
        }
    }

    /// Writes what was noted. The head is locked here, at the end of the transaction, and after whatever else was
    /// locked in it, so that nobody waits for it longer than this takes and no two wait for each other.
    pub(crate) async fn write(
        &self,
        tx: &mut dyn Tx,
        notes: Notes,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut head = tx.audit().lock_head().await?;
        for user in notes.erased {
            let key = Keys::destroyed(&self.chain, self.chain.person(user), at);
            let stored = tx.audit().key(key.mark).await?;
            if !matches!(self.keys.open(&self.chain, stored.as_ref()), Person::Erased) {
                tx.audit().put_key(&key).await?;
            }
            tx.audit().blank(user).await?;
        }
        if notes.events.is_empty() {
            return Ok(());
        }
        self.mend(&mut head);
        let mut persons = Persons::default();
        for event in &notes.events {
            let record = self.record(tx, &head, event, at, &mut persons).await?;
            tx.audit().insert(&record).await?;
            head.latest = record.sequence;
            head.hash = record.hash;
        }
        self.set_head(tx, head).await
    }

    /// Writes the head with its code.
    pub(crate) async fn set_head(
        &self,
        tx: &mut dyn Tx,
        mut head: AuditHead,
    ) -> Result<(), StoreError> {
        head.mac = Some(self.chain.head_mac(&head));
        tx.audit().set_head(&head).await
    }

    /// A head that somebody altered is not made good by being written anew: what follows does not fit what was before,
    /// and whoever verifies is told where. Nothing is refused, because a trail that stops sign-ins is a weapon, too.
    fn mend(&self, head: &mut AuditHead) {
        if !self.chain.is_genuine_head(head) {
            tracing::error!(
                target: "audit",
                latest = head.latest,
                "the head of the audit trail was altered; run `ntt-auth audit verify`"
            );
            head.hash = self.chain.broken(head);
        }
    }

    async fn record(
        &self,
        tx: &mut dyn Tx,
        head: &AuditHead,
        event: &SecurityEvent,
        at: Timestamp,
        persons: &mut Persons,
    ) -> Result<AuditRecord, StoreError> {
        let actor_mark = event.actor.map(|user| self.chain.person(user));
        let subject_mark = event.subject.map(|user| self.chain.person(user));
        let personal = Personal::of(event);
        let sole = actor_mark.is_none() || actor_mark == subject_mark;
        let actor = self
            .owner(tx, actor_mark, personal.is_some().then_some(at), persons)
            .await?;
        let subject = self
            .owner(
                tx,
                subject_mark,
                (sole && personal.is_some()).then_some(at),
                persons,
            )
            .await?;
        let key = match (&actor, &subject) {
            (Owner::Nobody, Owner::Nobody) => Some(self.keys.nobody()),
            (Owner::Living(key), _) | (Owner::Nobody, Owner::Living(key)) => key.as_ref(),
            (Owner::Erased, _) | (Owner::Nobody, Owner::Erased) => None,
        };
        let (sealed, address) = match key.zip(personal) {
            Some((key, personal)) => {
                let sealed = personal.seal(key, event.id, self.entropy.as_ref());
                (Some(sealed.map_err(unsealable)?), personal.ip_address)
            }
            None => (None, None),
        };
        let both_live = !matches!(actor, Owner::Erased) && !matches!(subject, Owner::Erased);
        let mut record = AuditRecord {
            sequence: head.latest + 1,
            id: event.id,
            kind: event.kind.as_str().to_owned(),
            at: event.at,
            actor: event.actor.filter(|_| !matches!(actor, Owner::Erased)),
            subject: event.subject.filter(|_| !matches!(subject, Owner::Erased)),
            session: event.session.filter(|_| both_live),
            address_mark: address.map(|address| self.chain.address(address)),
            actor_mark,
            subject_mark,
            session_mark: event.session.map(|session| self.chain.session(session)),
            detail: event.detail.as_deref().map(readable),
            sealed,
            hash: [0; 32],
            mac: [0; 16],
        };
        record.hash = Chain::hash(&head.hash, &record);
        record.mac = self.chain.mac(record.sequence, &record.hash);
        Ok(record)
    }

    /// How it stands with a person, of whom a key is made at `make` if it is needed and there is none.
    async fn owner(
        &self,
        tx: &mut dyn Tx,
        mark: Option<Mark>,
        make: Option<Timestamp>,
        persons: &mut Persons,
    ) -> Result<Owner, StoreError> {
        let Some(mark) = mark else {
            return Ok(Owner::Nobody);
        };
        let person = persons
            .get(mark, &self.keys, &self.chain, tx.audit())
            .await?;
        match (person, make) {
            (Person::Key(key), _) => Ok(Owner::Living(Some(key))),
            (Person::Unknown, None) => Ok(Owner::Living(None)),
            (Person::Unknown, Some(at)) => {
                let (stored, key) = self
                    .keys
                    .make(mark, at, self.entropy.as_ref())
                    .map_err(unsealable)?;
                tx.audit().put_key(&stored).await?;
                persons.note(mark, Person::Key(key.clone()));
                Ok(Owner::Living(Some(key)))
            }
            (Person::Erased | Person::Pretended, _) => Ok(Owner::Erased),
            (Person::Broken, _) => {
                tracing::error!(
                    target: "audit",
                    "the key of a person cannot be opened; run `ntt-auth audit verify`"
                );
                Ok(Owner::Living(None))
            }
        }
    }

    /// Whether the ids of actor, subject and session fit their marks.
    pub(crate) fn ids_fit(&self, record: &AuditRecord) -> (Fit, Fit, Fit) {
        let person = |id: Option<UserId>, mark| Fit::of(id.map(|id| self.chain.person(id)), mark);
        let session = record
            .session
            .map(|session: SessionId| self.chain.session(session));
        (
            person(record.actor, record.actor_mark),
            person(record.subject, record.subject_mark),
            Fit::of(session, record.session_mark),
        )
    }
}

/// Whether an id that can be blanked fits the mark that stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It does, or there is neither.
    Whole,
    /// It is blank where there is a mark.
    Blank,
    /// It is another.
    Wrong,
}

impl Fit {
    fn of(id: Option<Mark>, mark: Option<Mark>) -> Self {
        match (id, mark) {
            (id, mark) if id == mark => Self::Whole,
            (None, Some(_)) => Self::Blank,
            _ => Self::Wrong,
        }
    }
}

#[derive(Clone)]
enum Owner {
    /// Nobody is named.
    Nobody,
    /// Somebody, with their key if they have one.
    Living(Option<DataKey>),
    /// Somebody who was erased.
    Erased,
}

/// What cannot forge a line of a log or a cell of a table, whoever wrote it.
fn readable(detail: &str) -> String {
    detail
        .chars()
        .filter(|c| !c.is_control())
        .take(DETAIL_CHARACTERS)
        .collect()
}

fn unsealable(cause: Unsealable) -> StoreError {
    StoreError::driver(cause)
}

/// A work, and after it, in the same transaction, the trail of what it noted.
pub(crate) struct Audited<W> {
    pub(crate) work: W,
    pub(crate) trail: Arc<Trail>,
    pub(crate) at: Timestamp,
}

#[async_trait]
impl<W: Work> Work for Audited<W> {
    type Output = W::Output;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let output = self.work.apply(tx).await?;
        let notes = tx.take_notes();
        if !notes.is_empty() {
            self.trail.write(tx, notes, self.at).await?;
        }
        Ok(output)
    }
}
