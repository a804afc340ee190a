//! Running works: in a transaction, and again while others are in the way.
//!
//! The server never lets a transaction wait for a document that another one has written: it gives one of the two up. Nearly
//! every work writes the head of the audit trail, so of many at once nearly all would be given up. A work is therefore first
//! tried as it comes; if that fails, or if others have failed and are at it, it queues. In the queue one work is applied at a
//! time, and takes the head before it reads anything. The next one begins when others can see the commit, not when it is on
//! disk, so that many commits share a flush.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use ntt_auth_core::store::{ErasedWork, StoreError};
use tokio::sync::{Mutex, MutexGuard};

use crate::error::Error;
use crate::server::Server;
use crate::stalled;
use crate::transaction::Transaction;
use crate::view::View;

/// With the delays below, about two seconds of patience.
const ATTEMPTS: u32 = 12;
/// No attempt is begun after this time.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long somebody else may have the head before it is asked whether they still live.
const HEAD_PATIENCE: Duration = Duration::from_millis(500);

/// A server, and the queue of those who were in each other's way.
#[derive(Debug)]
pub(crate) struct Runner {
    pub(crate) server: Arc<Server>,
    queue: Mutex<()>,
    outage: StdMutex<Option<Outage>>,
}

/// When the server was last found to be away, and how.
#[derive(Debug)]
struct Outage {
    found: Instant,
    why: Error,
}

impl Runner {
    pub(crate) fn new(server: Server) -> Self {
        Self {
            server: Arc::new(server),
            queue: Mutex::new(()),
            outage: StdMutex::new(None),
        }
    }

    /// Applies `work` in a transaction of its own, again while others are in the way, and returns after the commit is
    /// durable. It is done on a task of its own: a caller that is given up must not leave a transaction half-way.
    pub(crate) async fn run(self: &Arc<Self>, work: Box<dyn ErasedWork>) -> Result<(), StoreError> {
        let runner = Arc::clone(self);
        let task = tokio::spawn(async move { runner.apply(&*work).await });
        task.await
            .unwrap_or_else(|_| Err(Error::defect("a task of the store ended early").into()))
    }

    async fn apply(&self, work: &dyn ErasedWork) -> Result<(), StoreError> {
        let begun = Instant::now();
        let mut failure = Failure::from(Error::Contention);
        for attempt in 0..ATTEMPTS {
            let since = Instant::now();
            let is_alone = attempt == 0 && self.queue.try_lock().is_ok();
            let turn = match is_alone {
                true => Turn::Unqueued,
                // Who has waited too long goes on without: there is something else in the way.
                false => match tokio::time::timeout(PATIENCE, self.queue.lock()).await {
                    Ok(turn) => {
                        // Else each of those who wait would wait for the server in turn.
                        if let Some(why) = self.outage_since(since) {
                            return Err(why.into());
                        }
                        Turn::Queued(turn)
                    }
                    Err(_) => Turn::Unqueued,
                },
            };
            failure = match self.attempt(work, turn).await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            self.note(&failure);
            if !failure.is_transient() || begun.elapsed() >= PATIENCE {
                break;
            }
            if !is_alone {
                tokio::time::sleep(delay(attempt)).await;
            }
        }
        Err(failure.into())
    }

    /// Why the server was found to be away since then, if it was.
    fn outage_since(&self, since: Instant) -> Option<Error> {
        let outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        let found = outage.as_ref().filter(|outage| outage.found > since);
        found.map(|outage| outage.why.clone())
    }

    fn note(&self, failure: &Failure) {
        if let Failure::Store(why) = failure
            && why.is_outage()
        {
            let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
            *outage = Some(Outage {
                found: Instant::now(),
                why: why.clone(),
            });
        }
    }

    async fn attempt(&self, work: &dyn ErasedWork, turn: Turn<'_>) -> Result<(), Failure> {
        let mut transaction = match turn {
            Turn::Queued(_) => self.begin_with_head().await?,
            Turn::Unqueued => Transaction::begin(&self.server).await?,
        };
        let mut view = View::writing(&mut transaction);
        let applied = AssertUnwindSafe(work.apply(&mut view)).catch_unwind().await;
        let applied = match applied {
            Ok(Ok(())) => view.notes().refuse_if_left(),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(Error::defect(
                "a unit of work panicked; its transaction was rolled back",
            )
            .into()),
        };
        drop(view);
        if let Err(error) = applied {
            let failed = transaction.usable();
            transaction.abort().await;
            return Err(match failed {
                // Whatever the work made of it.
                Err(failed) if failed.is_transient() || failed.is_outage() => failed.into(),
                _ => Failure::Work(error),
            });
        }
        let committed = transaction.commit().await?;
        drop(turn);
        Ok(committed.make_sure().await?)
    }

    /// Begins a transaction that has the head.
    async fn begin_with_head(&self) -> Result<Transaction, Error> {
        let begun = Instant::now();
        loop {
            let mut transaction = Transaction::begin(&self.server).await?;
            match transaction.take_head().await {
                Ok(()) => return Ok(transaction),
                Err(error) => {
                    if !matches!(error, Error::Contention) {
                        return Err(error);
                    }
                    if begun.elapsed() >= HEAD_PATIENCE {
                        // Who may not look waits for the server to do it.
                        let _ = stalled::end(&self.server).await;
                        return Err(error);
                    }
                }
            }
            tokio::time::sleep(Duration::from_micros(500 + chance(2000))).await;
        }
    }
}

enum Turn<'q> {
    Unqueued,
    Queued(#[expect(dead_code, reason = "held, not read")] MutexGuard<'q, ()>),
}

/// Why an attempt failed.
enum Failure {
    Store(Error),
    Work(StoreError),
}

impl Failure {
    fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Work(error) => matches!(error, StoreError::Contention),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => error.into(),
            Failure::Work(error) => error,
        }
    }
}

/// A random time below a bound that doubles with each attempt up to half a second, so that those who collided spread.
fn delay(attempt: u32) -> Duration {
    Duration::from_millis(chance((4_u64 << attempt.min(7)).min(500)))
}

/// A random number below `bound`. It need not be unguessable, so the standard library's per-process hash keys are chance
/// enough.
fn chance(bound: u64) -> u64 {
    RandomState::new().hash_one(bound) % bound
}
