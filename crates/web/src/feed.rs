//! What all who follow revocations share: how many they may be, what is in force, and that they are told when it ends.

use std::sync::{Arc, Weak};
use std::time::Duration;

use ntt_auth_core::Auth;
use ntt_auth_core::flow::{Fault, RevocationSnapshot, revocations_after, revocations_in_force};
use ntt_auth_core::model::Revocation;
use ntt_auth_core::store::StoreError;
use ntt_auth_core::token::{Gap, Place};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, watch};

use crate::problem::{Problem, ProblemCode};
use crate::settings::FeedSettings;

/// So many snapshots are held at one time, each by any number of readers: a slow reader holds its own until it has read
/// all of it.
const MOST_SNAPSHOTS: usize = 8;
/// A snapshot that others are reading is given to whoever comes within this time, too. They go on from its place.
const SHARED_FOR: Duration = Duration::from_secs(1);
/// How long a node that is behind its reader may take to look at the store.
const PATIENCE: Duration = Duration::from_secs(2);
/// After how many seconds to come again when there are too many.
const RETRY: u64 = 5;

/// What all who follow share.
pub(crate) struct Feeds {
    places: Arc<Semaphore>,
    capacity: usize,
    snapshots: Arc<Semaphore>,
    newest: Mutex<(Duration, Weak<Snapshot>)>,
    closing: watch::Sender<bool>,
}

/// What is in force, and its place among the few that are held.
pub(crate) struct Snapshot {
    pub(crate) told: RevocationSnapshot,
    _place: OwnedSemaphorePermit,
}

impl Feeds {
    /// Nobody follows yet.
    pub(crate) fn new(settings: &FeedSettings) -> Self {
        let capacity = settings.max_streams.min(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(capacity)),
            capacity,
            snapshots: Arc::new(Semaphore::new(MOST_SNAPSHOTS)),
            newest: Mutex::new((Duration::ZERO, Weak::new())),
            closing: watch::Sender::new(false),
        }
    }

    /// How many follow now.
    pub(crate) fn followers(&self) -> usize {
        self.capacity
            .saturating_sub(self.places.available_permits())
    }

    /// A place for one more that waits for revocations. It is given back when it is dropped.
    pub(crate) fn enter(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| full("As many follow the revocations as may."))
    }

    /// Tells everybody who follows that the server ends.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Whether the server ends, to be watched.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// What is in force now, or was a moment ago.
    pub(crate) async fn snapshot(&self, auth: &Arc<Auth>) -> Result<Arc<Snapshot>, Problem> {
        let mut newest = self.newest.lock().await;
        let now = auth.clock().monotonic();
        if let Some(snapshot) = newest.1.upgrade()
            && (now.saturating_sub(newest.0) < SHARED_FOR
                || snapshot.told.place == auth.feed().head())
        {
            return Ok(snapshot);
        }
        let place = Arc::clone(&self.snapshots)
            .try_acquire_owned()
            .map_err(|_| full("Too many are reading what is in force."))?;
        let of = Arc::clone(auth);
        // Copying a million entries would keep others of this thread waiting.
        let told = tokio::task::spawn_blocking(move || revocations_in_force(&of))
            .await
            .map_err(|error| {
                tracing::error!(%error, "what is in force could not be listed");
                Problem::new(
                    ProblemCode::Internal,
                    "The failure was logged under this request id.",
                )
            })?;
        let snapshot = Arc::new(Snapshot {
            told,
            _place: place,
        });
        *newest = (now, Arc::downgrade(&snapshot));
        Ok(snapshot)
    }
}

/// The entries after a place, or that there is a gap. A node that is behind its reader looks at the store first.
pub(crate) async fn entries_after(
    auth: &Auth,
    place: Place,
    limit: usize,
) -> Result<Result<Vec<Revocation>, Gap>, Problem> {
    match tokio::time::timeout(PATIENCE, revocations_after(auth, place, limit)).await {
        Ok(told) => Ok(told?),
        Err(_) => {
            let late = StoreError::unavailable("the revocation log could not be read in time");
            Err(Fault::from(late).into())
        }
    }
}

fn full(detail: &'static str) -> Problem {
    Problem::new(ProblemCode::Overloaded, detail).retry_after(RETRY)
}
