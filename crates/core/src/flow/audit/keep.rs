//! Keeping the trail: taking over what is older than it, signing how it stands, forgetting what is too old.

use std::sync::Arc;

use async_trait::async_trait;

use super::verify::verify_since;
use crate::audit::{CheckpointKey, Trail};
use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::{Auth, Fault};
use crate::model::{ChainHash, Checkpoint, Client, EventKind, SecurityEvent, UserId};
use crate::store::{StoreError, Tx, Work};

/// Events that one transaction takes over or forgets.
const STEP: u32 = 500;

/// Takes events from before there was a chain over into it, once, before anything is appended; says how many.
pub async fn adopt_events(auth: &Auth) -> Result<u64, Fault> {
    let mut adopted = 0;
    while auth.store.read().audit().head().await?.adopting {
        let now = auth.clock.now();
        let nobody = Client::default();
        let work = Adopt {
            trail: Arc::clone(&auth.trail),
            started: event(auth, EventKind::AuditStarted, now, None, &nobody),
        };
        match auth.commit(work).await? {
            Some(count) => adopted += count,
            None => break,
        }
    }
    Ok(adopted)
}

struct Adopt {
    trail: Arc<Trail>,
    started: SecurityEvent,
}

#[async_trait]
impl Work for Adopt {
    /// How many events were taken over; none if there was nothing to be done.
    type Output = Committed<Option<u64>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let mut head = tx.audit().lock_head().await?;
        // Somebody who says that events are to be taken over has written them.
        if !head.adopting || !self.trail.chain.is_genuine_head(&head) {
            return Ok(Committed::plain(None));
        }
        let events = tx.audit().unchained(STEP).await?;
        if let Some(last) = events.last() {
            tx.audit().forget_unchained(last.id).await?;
            for event in &events {
                tx.events().append(event).await?;
            }
        } else {
            head.adopting = false;
            let before = head.latest;
            self.trail.set_head(tx, head).await?;
            let started = self.started.clone();
            tx.events()
                .append(&started.detail(format!("{before} events from before")))
                .await?;
        }
        let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
        Ok(Committed::plain(Some(count)))
    }
}

/// The key that signs checkpoints.
pub fn checkpoint_key(auth: &Auth) -> Result<CheckpointKey, Fault> {
    Ok(CheckpointKey::new(&auth.root)?)
}

/// Signs how the chain stands if there is something new to sign and it is time: enough events, or the newest checkpoint
/// is old.
pub async fn checkpoint_if_due(auth: &Auth) -> Result<Option<Checkpoint>, Fault> {
    let head = auth.store.read().audit().head().await?;
    let rules = &auth.rules.audit;
    let waiting = head.latest.saturating_sub(head.checkpoint);
    if waiting <= 0 {
        return Ok(None);
    }
    let newest = newest_checkpoint(auth, head.checkpoint).await?;
    let is_old =
        newest.is_none_or(|newest| auth.clock.now() >= newest.at.plus(rules.checkpoint_every));
    match is_old || waiting >= i64::from(rules.checkpoint_events) {
        true => checkpoint_audit(auth).await,
        false => Ok(None),
    }
}

/// Signs how the chain stands, if there is something new to sign. What is signed is verified first, from the newest
/// checkpoint on; if it does not hold, the fault says where, and nothing is signed.
pub async fn checkpoint_audit(auth: &Auth) -> Result<Option<Checkpoint>, Fault> {
    let head = auth.store.read().audit().head().await?;
    if head.latest <= head.checkpoint {
        return Ok(None);
    }
    let key = checkpoint_key(auth)?;
    let newest = newest_checkpoint(auth, head.checkpoint).await?;
    let (since, from) = match newest.filter(|newest| key.is_genuine(newest)) {
        Some(newest) => (newest.sequence, newest.hash),
        None => (head.cut, head.cut_hash),
    };
    let hash = verify_since(auth, since, from, head.latest).await?;
    let checkpoint = key.sign(head.latest, head.checkpoint, auth.clock.now(), hash);
    let work = Sign {
        trail: Arc::clone(&auth.trail),
        checkpoint: checkpoint.clone(),
    };
    Ok(auth.commit(work).await?.then_some(checkpoint))
}

async fn newest_checkpoint(auth: &Auth, sequence: i64) -> Result<Option<Checkpoint>, StoreError> {
    let mut read = auth.store.read();
    Ok(read
        .audit()
        .checkpoints(sequence - 1, 1)
        .await?
        .into_iter()
        .find(|checkpoint| checkpoint.sequence == sequence))
}

struct Sign {
    trail: Arc<Trail>,
    checkpoint: Checkpoint,
}

#[async_trait]
impl Work for Sign {
    /// Whether it was written: another node may have been first.
    type Output = Committed<bool>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let mut head = tx.audit().lock_head().await?;
        if head.checkpoint != self.checkpoint.previous || !self.trail.chain.is_genuine_head(&head) {
            return Ok(Committed::plain(false));
        }
        tx.audit().insert_checkpoint(&self.checkpoint).await?;
        head.checkpoint = self.checkpoint.sequence;
        self.trail.set_head(tx, head).await?;
        Ok(Committed::plain(true))
    }
}

/// Forgets events that are older than they are to be kept, from the beginning of the chain, and says how many. What is
/// forgotten is verified first; a signed checkpoint stands for it from then on.
pub async fn trim_audit(auth: &Auth) -> Result<u64, Fault> {
    let Some(retention) = auth.rules.audit.retention else {
        return Ok(0);
    };
    let key = checkpoint_key(auth)?;
    let mut forgotten = 0;
    loop {
        let now = auth.clock.now();
        let mut read = auth.store.read();
        let head = read.audit().head().await?;
        // One more than a step, so that the last one is known.
        let old = read.audit().after(head.cut, STEP + 1).await?;
        drop(read);
        let before = now.minus(retention);
        // The chain is in the order of commit; it is cut where the first event stands that is to be kept.
        let mut old = old.iter().take_while(|record| record.at < before);
        let Some(last) = old.by_ref().take(STEP as usize).last() else {
            return Ok(forgotten);
        };
        let is_last = old.next().is_none();
        let trimmed = event(auth, EventKind::AuditTrimmed, now, None, &Client::default());
        let hash = verify_since(auth, head.cut, head.cut_hash, last.sequence).await?;
        let work = Trim {
            trail: Arc::clone(&auth.trail),
            cut: head.cut,
            hash,
            checkpoint: key.sign(last.sequence, head.cut, now, hash),
            told: is_last.then(|| trimmed.detail(format!("through event {}", last.sequence))),
        };
        let count = auth.commit(work).await?;
        forgotten += count;
        if count == 0 || is_last {
            return Ok(forgotten);
        }
    }
}

struct Trim {
    trail: Arc<Trail>,
    cut: i64,
    hash: ChainHash,
    checkpoint: Checkpoint,
    /// What tells of it, at the last step.
    told: Option<SecurityEvent>,
}

#[async_trait]
impl Work for Trim {
    type Output = Committed<u64>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let mut head = tx.audit().lock_head().await?;
        let through = self.checkpoint.sequence;
        if head.cut != self.cut || !self.trail.chain.is_genuine_head(&head) {
            return Ok(Committed::plain(0));
        }
        let stands = tx.audit().checkpoints(through - 1, 1).await?;
        if stands.first().map(|checkpoint| checkpoint.sequence) != Some(through) {
            tx.audit().insert_checkpoint(&self.checkpoint).await?;
        }
        tx.audit().trim_checkpoints(through).await?;
        let count = tx.audit().trim(through).await?;
        head.cut = through;
        head.cut_hash = self.hash;
        head.checkpoint = head.checkpoint.max(through);
        self.trail.set_head(tx, head).await?;
        if let Some(told) = &self.told {
            tx.events().append(told).await?;
        }
        Ok(Committed::plain(count))
    }
}

/// Notes that the operator exported the trail.
pub async fn note_export(auth: &Auth, detail: String) -> Result<(), Fault> {
    let nobody = Client::default();
    let exported = event(
        auth,
        EventKind::AuditExported,
        auth.clock.now(),
        None,
        &nobody,
    );
    let event = exported.detail(detail);
    Ok(auth.commit(Note { event }).await?)
}

/// Destroys the key of a person and blanks their ids in the trail, for whoever erases everything else about them:
/// [`crate::flow::EraseUser`] does both. Done again, it changes nothing.
pub async fn forget_person(auth: &Auth, user: UserId) -> Result<(), Fault> {
    Ok(auth.commit(Forget { user }).await?)
}

struct Forget {
    user: UserId,
}

#[async_trait]
impl Work for Forget {
    type Output = Committed<()>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        tx.subject_keys().erase(self.user).await?;
        Ok(Committed::plain(()))
    }
}

/// One event and nothing else.
pub(super) struct Note {
    pub(super) event: SecurityEvent,
}

#[async_trait]
impl Work for Note {
    type Output = Committed<()>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        tx.events().append(&self.event).await?;
        Ok(Committed::plain(()))
    }
}
