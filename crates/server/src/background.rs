//! What the server does without being asked: follow revocations, rotate keys on schedule, forget what is over.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ntt_auth_core::Auth;
use ntt_auth_core::audit::checkpoint_text;
use ntt_auth_core::flow::{
    Fault, checkpoint_audit, checkpoint_if_due, erase_deleted, erase_unverified, follow,
    keep_erasures, note_backup, purge, rotate_keys, rotation_due, settle_guesses, trim_audit,
};
use ntt_auth_core::model::{Checkpoint, Client};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::backup::BackupFolder;
use crate::telemetry::Chain;
use crate::wakes::Wakes;

/// How often what other nodes and commands wrote is looked for: a revocation is in force everywhere within this time.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);
/// How often while this node is told of it: a message that is lost costs no more than this.
const FOLLOW_WHEN_TOLD: Duration = Duration::from_millis(400);
/// How soon after a round messages are heeded again: in a storm of them the store is asked at most so often.
const FOLLOW_AT_MOST_EVERY: Duration = Duration::from_millis(20);
/// How often the age of the signing key is looked at.
const ROTATE_EVERY: Duration = Duration::from_mins(1);
/// How often it is tried to write what could not be written to counters of guesses.
const SETTLE_EVERY: Duration = Duration::from_secs(1);
/// How often what nobody needs any more is forgotten.
const PURGE_EVERY: Duration = Duration::from_mins(10);
/// How often it is looked whether the audit trail is to be signed.
const SIGN_EVERY: Duration = Duration::from_mins(1);
/// How often events that are too old are forgotten.
const TRIM_EVERY: Duration = Duration::from_hours(6);

/// Something the server does again and again.
#[derive(Clone)]
pub struct Chore {
    what: &'static str,
    every: Duration,
    wakes: Option<Arc<Wakes>>,
    round: Arc<dyn Fn() -> Round + Send + Sync>,
}

type Round = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>>;

impl Chore {
    /// Does `round` every so often; `what` is how the log calls it.
    pub fn new<F>(
        what: &'static str,
        every: Duration,
        round: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), Fault>> + Send + 'static,
    {
        Self {
            what,
            every,
            wakes: None,
            round: Arc::new(move || Box::pin(round())),
        }
    }

    /// Does it also when it is woken, and less often by itself while there is somebody to wake it.
    #[must_use]
    pub fn woken_by(mut self, wakes: &Arc<Wakes>) -> Self {
        self.wakes = Some(Arc::clone(wakes));
        self
    }

    /// Waits until the next round is due, after one that `began`.
    async fn rest(&self, began: Instant) {
        match &self.wakes {
            None => sleep_until(began + self.every).await,
            Some(wakes) => {
                let pause = match wakes.has_watchers() {
                    true => FOLLOW_WHEN_TOLD,
                    false => self.every,
                };
                let woken = async {
                    sleep_until(Instant::now() + FOLLOW_AT_MOST_EVERY).await;
                    wakes.woken().await;
                };
                tokio::select! {
                    () = sleep_until(began + pause) => {}
                    () = woken => {}
                }
            }
        }
    }

    /// Does one round now.
    pub async fn once(&self) -> Result<(), Fault> {
        (self.round)().await
    }
}

/// What an installation needs done. It follows the others at once when it is woken by `wakes`.
pub fn chores(auth: &Arc<Auth>, wakes: &Arc<Wakes>) -> Vec<Chore> {
    let of = |what, every, round: fn(Arc<Auth>) -> Round| {
        let auth = Arc::clone(auth);
        Chore::new(what, every, move || round(Arc::clone(&auth)))
    };
    vec![
        of("following revocations and keys", FOLLOW_EVERY, |auth| {
            Box::pin(async move { follow(&auth).await.map(drop) })
        })
        .woken_by(wakes),
        of("rotating keys", ROTATE_EVERY, |auth| {
            Box::pin(async move {
                if rotation_due(&auth) {
                    rotate_keys(&auth, false).await
                } else {
                    Ok(())
                }
            })
        }),
        of("settling guesses at passwords", SETTLE_EVERY, |auth| {
            Box::pin(async move { settle_guesses(&auth).await.map(drop) })
        }),
        of("forgetting what has expired", PURGE_EVERY, |auth| {
            Box::pin(async move { purge(&auth).await.map(drop) })
        }),
        of("signing the audit trail", SIGN_EVERY, |auth| {
            Box::pin(async move { checkpoint_if_due(&auth).await.map(tell) })
        }),
        of("forgetting old security events", TRIM_EVERY, |auth| {
            Box::pin(async move { trim_audit(&auth).await.map(drop) })
        }),
        of("erasing what was deleted long ago", PURGE_EVERY, |auth| {
            Box::pin(async move { erase_deleted(&auth).await.map(drop) })
        }),
        of("erasing what was never verified", PURGE_EVERY, |auth| {
            Box::pin(async move { erase_unverified(&auth).await.map(drop) })
        }),
        of("keeping the log of erasures", PURGE_EVERY, |auth| {
            Box::pin(async move { keep_erasures(&auth).await.map(drop) })
        }),
    ]
}

/// Signs how the audit trail stands at the end.
pub async fn sign_last(auth: &Auth) {
    match checkpoint_audit(auth).await {
        Ok(checkpoint) => tell(checkpoint),
        Err(error) => {
            tracing::error!(target: "audit", error = %Chain(&error), "the audit trail was not signed at the end");
        }
    }
}

/// The log is the second place where checkpoints are kept.
fn tell(checkpoint: Option<Checkpoint>) {
    if let Some(checkpoint) = checkpoint {
        tracing::info!(
            target: "audit",
            checkpoint = checkpoint_text(&checkpoint),
            sequence = checkpoint.sequence,
            "the audit trail was signed"
        );
    }
}

/// How often it is looked whether a backup is due.
const BACK_UP_EVERY: Duration = Duration::from_mins(1);

/// Making backups, where the configuration says how often.
pub fn scheduled_backups(auth: &Arc<Auth>, backups: &Arc<BackupFolder>) -> Option<Chore> {
    let backups = backups.is_scheduled().then(|| Arc::clone(backups))?;
    let auth = Arc::clone(auth);
    Some(Chore::new("making a backup", BACK_UP_EVERY, move || {
        let (auth, backups) = (Arc::clone(&auth), Arc::clone(&backups));
        async move {
            match backups.make_if_due().await? {
                Some(made) => note_backup(&auth, &made, None, &Client::default()).await,
                None => Ok(()),
            }
        }
    }))
}

/// The tasks of a running server.
pub struct Background {
    stop: watch::Sender<()>,
    tasks: JoinSet<()>,
}

impl Background {
    /// Starts a task for each chore.
    pub fn start(chores: Vec<Chore>) -> Self {
        let (stop, _) = watch::channel(());
        let mut tasks = JoinSet::new();
        for chore in chores {
            tasks.spawn(repeat(chore, stop.subscribe()));
        }
        Self { stop, tasks }
    }

    /// Ends them, each after the round it is in, or in the midst of it when `patience` is over. What is cut off is taken up
    /// again by another node, or after the next start: whoever waits for a mail server does so outside any transaction.
    pub async fn stop(self, patience: Duration) {
        let Self { stop, mut tasks } = self;
        let _ = stop.send(());
        let ended = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, ended).await.is_err() {
            tracing::warn!(target: "background", "work in the background was cut off");
            tasks.shutdown().await;
        }
    }
}

/// Does a chore again and again. A failure is logged when it begins and when it is over, not each time.
async fn repeat(chore: Chore, mut stop: watch::Receiver<()>) {
    let Chore { what, every, .. } = chore;
    let mut failing = false;
    let mut began = None;
    loop {
        let rest = async {
            if let Some(began) = began {
                chore.rest(began).await;
            }
        };
        tokio::select! {
            biased;
            _ = stop.changed() => return,
            () = rest => {}
        }
        began = Some(Instant::now());
        let failed = chore.once().await.err();
        match &failed {
            Some(error) if !failing => {
                tracing::error!(target: "background", error = %Chain(error), "{what} failed; trying again every {every:?}");
            }
            None if failing => tracing::info!(target: "background", "{what} works again"),
            _ => {}
        }
        failing = failed.is_some();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use ntt_auth_core::store::StoreError;
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn whoever_is_woken_does_not_wait_for_the_next_round() {
        let (stop, stopped) = watch::channel(());
        let wakes = Arc::new(Wakes::default());
        let (done, mut rounds) = tokio::sync::mpsc::unbounded_channel();
        let chore = Chore::new("testing", Duration::from_hours(1), move || {
            done.send(()).unwrap();
            async { Ok(()) }
        });
        let task = tokio::spawn(repeat(chore.woken_by(&wakes), stopped));
        for _ in 0..3 {
            rounds.recv().await.unwrap();
            wakes.wake();
        }
        rounds.recv().await.unwrap();
        stop.send(()).unwrap();
        task.await.unwrap();
    }

    #[tokio::test]
    async fn a_round_that_fails_is_tried_again_until_told_to_stop() {
        let (stop, stopped) = watch::channel(());
        let rounds = Arc::new(AtomicUsize::new(0));
        let third = Arc::new(Notify::new());
        let task = tokio::spawn({
            let (rounds, third) = (Arc::clone(&rounds), Arc::clone(&third));
            let chore = Chore::new("testing", Duration::from_millis(1), move || {
                let round = rounds.fetch_add(1, Ordering::Relaxed);
                if round == 2 {
                    third.notify_one();
                }
                async move {
                    if round == 0 {
                        Err(StoreError::Contention.into())
                    } else {
                        Ok(())
                    }
                }
            });
            repeat(chore, stopped)
        });
        third.notified().await;
        stop.send(()).unwrap();
        task.await.unwrap();
        assert!(rounds.load(Ordering::Relaxed) >= 3);
    }
}
