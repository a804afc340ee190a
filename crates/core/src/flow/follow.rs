//! Following what other nodes and commands wrote, and forgetting what is over.

use std::time::Duration;

use async_trait::async_trait;

use crate::flow::auth::Committed;

use crate::flow::{Auth, Fault, reload_keys};
use crate::model::Timestamp;
use crate::policy::RetentionRules;
use crate::store::{StoreError, Tx, Work};

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
    let now = auth.clock.now();
    let mut revocations = 0;
    loop {
        let mut sequence = auth.revoked.followed_to();
        let entries = auth
            .store
            .read()
            .revocations()
            .after(sequence, PAGE)
            .await?;
        for entry in &entries {
            auth.revoked.apply(entry);
            sequence = sequence.max(entry.sequence);
        }
        auth.revoked.note_followed(sequence, now);
        revocations += entries.len();
        if entries.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            break;
        }
    }
    reload_keys(auth).await?;
    Ok(FollowReport { revocations })
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
