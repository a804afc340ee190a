//! Following what other nodes and commands wrote, and forgetting what is over.

use std::time::Duration;

use async_trait::async_trait;

use crate::flow::auth::Committed;

use crate::flow::{Auth, Fault, reload_keys};
use crate::model::{Revocation, Timestamp};
use crate::policy::RetentionRules;
use crate::store::{StoreError, Tx, Work};
use crate::token::{Gap, InForce, Place};

const PAGE: u32 = 1000;
/// How long codes are kept after they expired, so that a link that was used before still says so.
const KEEP_CODES: Duration = Duration::from_hours(7 * 24);

/// What one round of following found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowReport {
    /// How many revocations were new to this node.
    pub revocations: usize,
}

/// Reads the revocation log from where this node left off, and the keys if they changed. Called a few times a second;
/// at start it is called before the first request, so that what was revoked stays revoked.
pub async fn follow(auth: &Auth) -> Result<FollowReport, Fault> {
    let revocations = follow_revocations(auth).await?;
    reload_keys(auth).await?;
    Ok(FollowReport { revocations })
}

async fn follow_revocations(auth: &Auth) -> Result<usize, Fault> {
    let _alone = auth.following.lock().await;
    // What is committed while this reads may be missed, so it knows no more than what was there when it began.
    let (now, since) = (auth.clock.now(), auth.clock.monotonic());
    let revocations = match auth.feed.is_new() {
        true => read_whole(auth).await?,
        false => read_on(auth).await?,
    };
    auth.revoked.note_followed(now, since);
    Ok(revocations)
}

/// Reads on after the newest entry that is known. It is read once more itself: if it has become another one, or the log
/// is shorter than it was, the store was put back to an earlier time (a backup was restored, a standby that lacked the
/// last writes was promoted), and numbers that seem known are those of new entries. Then all of it is read again.
async fn read_on(auth: &Auth) -> Result<usize, Fault> {
    let known = auth.feed.head();
    let from = known.sequence().saturating_sub(1).max(0);
    let page = page(auth, from).await?;
    let is_same = match page.first() {
        _ if known == Place::START => true,
        Some(first) if first.sequence == known.sequence() => known.may_follow(first),
        // It has expired and was forgotten.
        _ => latest(auth).await? >= known.sequence(),
    };
    if is_same {
        return take(auth, page).await;
    }
    tracing::warn!(
        target: "follow",
        known = known.sequence(),
        "the revocation log was put back to an earlier time; all of it is read again"
    );
    auth.feed.restart();
    read_whole(auth).await
}

async fn read_whole(auth: &Auth) -> Result<usize, Fault> {
    // Asked first: whatever is up to there is among what is read after it, or has expired.
    let latest = latest(auth).await?;
    let page = page(auth, 0).await?;
    let revocations = take(auth, page).await?;
    auth.feed.note_read(latest);
    Ok(revocations)
}

/// Takes this page of the log and all that follow it; says how many entries were new.
async fn take(auth: &Auth, mut entries: Vec<Revocation>) -> Result<usize, Fault> {
    let mut new = 0;
    loop {
        for entry in &entries {
            auth.revoked.apply(entry);
        }
        new += auth.feed.extend(&entries);
        let is_last = entries.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        match entries.last() {
            Some(last) if !is_last => entries = page(auth, last.sequence).await?,
            _ => return Ok(new),
        }
    }
}

async fn page(auth: &Auth, after: i64) -> Result<Vec<Revocation>, StoreError> {
    auth.store.read().revocations().after(after, PAGE).await
}

async fn latest(auth: &Auth) -> Result<i64, StoreError> {
    auth.store.read().revocations().latest().await
}

/// The entries after a place of the log, oldest first, and at most `limit`. A place that this node has not come to yet is
/// looked for in the store, because whoever follows may have followed another node before.
pub async fn revocations_after(
    auth: &Auth,
    place: Place,
    limit: usize,
) -> Result<Result<Vec<Revocation>, Gap>, Fault> {
    match auth.feed.after(place, limit) {
        Err(Gap::Ahead) => {
            follow_revocations(auth).await?;
            Ok(auth.feed.after(place, limit))
        }
        told => Ok(told),
    }
}

/// Everything that is revoked, and the place of the log from which to go on.
#[derive(Debug, Clone)]
pub struct RevocationSnapshot {
    /// What comes after this place may be missing.
    pub place: Place,
    /// What is in force, in no order.
    pub entries: Vec<InForce>,
}

/// Everything that is revoked now, as far as this node knows, from memory.
pub fn revocations_in_force(auth: &Auth) -> RevocationSnapshot {
    // The place first: an entry is in force before it is in the feed.
    let place = auth.feed.head();
    RevocationSnapshot {
        place,
        entries: auth.revoked.in_force(auth.clock.now()),
    }
}

/// Forgets, in short transactions, what nobody needs any more: sessions a while after their end, revocations whose
/// tokens have expired, retired keys, codes, jobs and counters of guesses that are over.
pub async fn purge(auth: &Auth) -> Result<u64, Fault> {
    let now = auth.clock.now();
    auth.revoked.purge(now);
    let mut forgotten = 0;
    loop {
        let round = auth
            .commit(Purge {
                now,
                retention: auth.rules.retention.clone(),
            })
            .await?;
        forgotten += round;
        if round == 0 {
            return Ok(forgotten);
        }
    }
}

struct Purge {
    now: Timestamp,
    retention: RetentionRules,
}

#[async_trait]
impl Work for Purge {
    type Output = Committed<u64>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let before = |kept| self.now.minus(kept);
        let kept = &self.retention;
        let ended = before(kept.ended_sessions);
        let sessions = tx.sessions().purge(ended, PAGE).await?;
        let revocations = tx.revocations().purge(self.now, PAGE).await?;
        let keys = tx.keys().purge(self.now).await?;
        let (done, dead) = (before(kept.done_jobs), before(kept.dead_jobs));
        let jobs = tx.jobs().purge(done, dead, PAGE).await?;
        let throttles = tx.throttles().purge(self.now, PAGE).await?;
        let codes = self.now.minus(KEEP_CODES);
        let codes = tx.codes().purge(codes, PAGE).await?;
        Ok(Committed::plain(
            sessions + revocations + keys + jobs + throttles + codes,
        ))
    }
}
