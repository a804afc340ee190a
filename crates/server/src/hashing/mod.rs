//! The hashing pool: the only place where passwords are hashed.
//!
//! A few threads of lower priority take what waits in one bounded queue. A lone login has a thread to itself; when logins wait, a thread takes up to
//! five bcrypt hashes at once and interleaves them, which finishes about three and a half times as many per second. What cannot be done in time is refused at once,
//! with a time to come back, and what nobody waits for any more is not begun.

mod pace;
mod queue;
mod stage;
#[cfg(test)]
mod tests;
mod worker;

use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use async_trait::async_trait;
use ntt_auth_core::password::{
    Digest, Encoded, Hasher, HasherError, HashingPolicy, Plain, Task, Verdict,
};
use ntt_auth_core::port::Entropy;
use ntt_auth_core::secret::PasswordHash;
use tokio::sync::watch;
use tracing::Instrument as _;

use self::queue::{Limits, Queue};
use crate::settings::Hashing;

/// Hashes and verifies passwords on threads of its own.
pub struct HashingPool {
    policy: HashingPolicy,
    entropy: Arc<dyn Entropy>,
    queue: Arc<Queue>,
    /// Every worker holds a receiver, so that this one sees the last of them go.
    workers: watch::Sender<()>,
}

/// The pool's figures at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Hashes that wait for a thread.
    pub waiting: usize,
    /// Hashes that are being computed.
    pub running: usize,
    /// Hashes computed since the start; what a wrong password costs besides counts with its hash.
    pub done: u64,
    /// Turns that threads took since the start: fewer than `done` by as much as hashes were interleaved.
    pub batches: u64,
    /// Hashes refused since the start because they could not be computed in time.
    pub refused: u64,
    /// Hashes whose callers were gone before they began, since the start.
    pub abandoned: u64,
}

impl HashingPool {
    /// Starts the threads. Fails only if the system has none left.
    pub fn start(
        policy: HashingPolicy,
        settings: &Hashing,
        entropy: Arc<dyn Entropy>,
    ) -> io::Result<Self> {
        let workers = settings
            .workers
            .unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZero::get));
        let queue = Arc::new(Queue::new(Limits {
            workers,
            waiting: settings.queue,
            max_wait: settings.max_wait,
            lanes: ntt_auth_bcrypt::MAX_LANES,
        }));
        // Dropped on the way out of an error, the pool ends the threads that did start.
        let pool = Self {
            policy,
            entropy,
            queue,
            workers: watch::Sender::new(()),
        };
        for number in 0..workers {
            let (queue, alive) = (Arc::clone(&pool.queue), pool.workers.subscribe());
            thread::Builder::new()
                .name(format!("hashing-{number}"))
                .spawn(move || {
                    worker::lower_priority();
                    worker::serve(&queue, worker::compute);
                    drop(alive);
                })?;
        }
        Ok(pool)
    }

    /// The pool's figures now.
    pub fn stats(&self) -> Stats {
        self.queue.stats()
    }

    /// Takes nothing more, finishes what waits, and returns when the last thread has ended. Dropping the pool instead forgets what waits.
    pub async fn close(&self) {
        self.queue.close();
        self.workers.closed().await;
    }

    async fn run(&self, task: Task) -> Result<Digest, HasherError> {
        let span = tracing::info_span!(target: "trace", "hash password");
        let answer = span.in_scope(|| self.queue.admit(task))?;
        let digest = answer.instrument(span).await;
        Ok(digest.map_err(|_| HasherError::Failed)??)
    }
}

#[async_trait]
impl Hasher for HashingPool {
    async fn hash(&self, password: Plain) -> Result<PasswordHash, HasherError> {
        let (work, new) = self.policy.hash(&password, self.entropy.as_ref());
        drop(password);
        Ok(new.finish(&self.run(Task::alone(work)).await?))
    }

    async fn verify(
        &self,
        password: Plain,
        stored: Option<PasswordHash>,
    ) -> Result<Verdict, HasherError> {
        let stored = stored
            .map(|hash| hash.expose().parse::<Encoded>())
            .transpose()?;
        let (task, expected) = match &stored {
            Some(encoded) => encoded.task(&password, &self.policy),
            None => {
                let (work, expected) = self.policy.decoy(&password);
                (Task::alone(work), expected)
            }
        };
        drop(password);
        let matches = expected.matches(&self.run(task).await?);
        let rehash = matches && stored.is_some_and(|encoded| encoded.needs_upgrade(&self.policy));
        Ok(Verdict { matches, rehash })
    }
}

impl Drop for HashingPool {
    fn drop(&mut self) {
        self.queue.close();
        self.queue.forget();
    }
}
