//! Being told that there is something to follow, so that it is not found only by looking.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ntt_auth_core::port::Announcer;
use ntt_auth_core::store::{Changes, Store, StoreError};
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

/// How soon the store is listened to again, at first and at the longest.
const AGAIN: Duration = Duration::from_millis(200);
const AGAIN_AT_LAST: Duration = Duration::from_secs(5);

/// Wakes whoever follows the store.
#[derive(Debug, Default)]
pub struct Wakes {
    notify: Notify,
    watchers: AtomicUsize,
}

/// Somebody who would wake, as long as this lives.
#[derive(Debug)]
pub struct Watcher<'w>(&'w Wakes);

impl Wakes {
    /// There is something to follow. Several calls before it is heeded are one.
    pub fn wake(&self) {
        self.notify.notify_one();
    }

    /// Somebody begins to listen. What was missed before is looked for now.
    pub fn watching(&self) -> Watcher<'_> {
        self.watchers.fetch_add(1, Ordering::Relaxed);
        self.wake();
        Watcher(self)
    }

    /// Whether anybody listens.
    pub fn has_watchers(&self) -> bool {
        self.watchers.load(Ordering::Relaxed) > 0
    }

    /// Waits until there is something.
    pub async fn woken(&self) {
        self.notify.notified().await;
    }
}

impl Drop for Watcher<'_> {
    fn drop(&mut self) {
        self.0.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What this node has to tell the others: kept until it is told, the newest alone.
#[derive(Debug)]
pub struct Announcements(watch::Sender<Announced>);

/// How far everything has come on this node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Announced {
    /// The newest revocation that it wrote.
    pub revoked: i64,
    /// How often it changed the keys.
    pub rekeyed: u64,
}

impl Default for Announcements {
    fn default() -> Self {
        Self(watch::Sender::new(Announced::default()))
    }
}

impl Announcements {
    /// What there is to tell, from now on.
    pub fn subscribe(&self) -> watch::Receiver<Announced> {
        self.0.subscribe()
    }
}

impl Announcer for Announcements {
    fn revoked(&self, sequence: i64) {
        self.0
            .send_modify(|announced| announced.revoked = announced.revoked.max(sequence));
    }

    fn rekeyed(&self) {
        self.0.send_modify(|announced| announced.rekeyed += 1);
    }
}

/// Listens to the store, if it tells of what is committed, and begins anew when nothing is heard any more.
pub async fn listen(store: Arc<dyn Store>, wakes: Arc<Wakes>) {
    let mut wait = AGAIN;
    loop {
        match store.changes().await {
            Ok(None) => return,
            Ok(Some(mut changes)) => {
                wait = AGAIN;
                let error = hear(&mut *changes, &wakes).await;
                tracing::debug!(target: "follow", %error, "the store is not heard any more");
            }
            Err(error) => {
                tracing::debug!(target: "follow", %error, "the store cannot be listened to");
            }
        }
        sleep(wait).await;
        wait = (wait * 2).min(AGAIN_AT_LAST);
    }
}

async fn hear(changes: &mut dyn Changes, wakes: &Wakes) -> StoreError {
    let _watcher = wakes.watching();
    loop {
        match changes.next().await {
            Ok(()) => wakes.wake(),
            Err(error) => return error,
        }
    }
}
