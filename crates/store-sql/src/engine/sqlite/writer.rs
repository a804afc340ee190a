//! The one thread that writes: group commit.

use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Receiver, SendError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use ntt_auth_core::store::StoreError;
use tokio::sync::oneshot;

use super::connection::Connection;
use crate::engine::{Error, Unit};

/// Bounds how long the first of a group waits for the others' work.
const GROUP: usize = 512;

/// A handle to the writing thread; the thread ends, after what is queued, when this is dropped.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

struct Job {
    unit: Arc<dyn Unit>,
    reply: oneshot::Sender<Result<(), StoreError>>,
}

impl Writer {
    /// Starts the thread over `connection`.
    pub(super) fn start(connection: Arc<Mutex<Connection>>) -> Result<Self, Error> {
        let (jobs, queue) = channel();
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || serve(&connection, &queue))
            .map_err(Error::driver)?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    /// Applies `unit` in a group with whatever else is waiting, and returns after the group's commit. If the caller
    /// goes away meanwhile, the work is done all the same.
    pub(super) async fn submit(&self, unit: Arc<dyn Unit>) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        let stopped = || StoreError::unavailable("the SQLite writer has stopped");
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(Job { unit, reply })
            .map_err(|SendError(_)| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            // Its panics are caught inside; there is nothing to learn from how it ended.
            let _ = thread.join();
        }
    }
}

fn serve(connection: &Mutex<Connection>, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        // Behind the lock is a transaction at most, and the next group begins by finding out whether one is open.
        let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        group(connection, first, queue);
    }
}

fn group(mut connection: MutexGuard<'_, Connection>, first: Job, queue: &Receiver<Job>) {
    let mut answers = Vec::new();
    let committed = match connection.command("BEGIN IMMEDIATE") {
        Ok(()) => {
            apply_all(&mut connection, first, queue, &mut answers);
            commit(&connection)
        }
        Err(error) => {
            if !connection.is_autocommit() {
                // A ROLLBACK that failed left a transaction open; if this one fails as well, the next group says so.
                let _ = connection.command("ROLLBACK");
            }
            // Each would wait as long for the lock as the first did; all are told at once.
            answers.extend(
                std::iter::once(first)
                    .chain(queue.try_iter())
                    .map(|job| (job.reply, Ok(()))),
            );
            Err(error)
        }
    };
    drop(connection);
    for (reply, outcome) in answers {
        let outcome = outcome.and_then(|()| committed.clone().map_err(StoreError::from));
        // Whoever asked may have gone away.
        let _ = reply.send(outcome);
    }
}

type Answer = (
    oneshot::Sender<Result<(), StoreError>>,
    Result<(), StoreError>,
);

fn apply_all(
    connection: &mut Connection,
    first: Job,
    queue: &Receiver<Job>,
    answers: &mut Vec<Answer>,
) {
    let mut next = Some(first);
    while let Some(Job { unit, reply }) = next {
        let outcome = apply(connection, &*unit);
        answers.push((reply, outcome));
        // SQLite rolls a whole transaction back by itself when, for instance, the disk is full.
        let goes_on = !connection.is_autocommit() && answers.len() < GROUP;
        next = if goes_on { queue.try_recv().ok() } else { None };
    }
}

fn apply(connection: &mut Connection, unit: &dyn Unit) -> Result<(), StoreError> {
    connection.command("SAVEPOINT unit")?;
    let work = AssertUnwindSafe(|| futures::executor::block_on(unit.apply(&mut *connection)));
    let outcome = std::panic::catch_unwind(work).unwrap_or_else(|_| Err(Error::panicked().into()));
    let outcome = match connection.take_failure() {
        // A unit that swallows an error must not be committed half.
        Some(error) => outcome.and(Err(error.into())),
        None => outcome,
    };
    if !connection.is_autocommit() {
        let undone = if outcome.is_err() {
            connection.command("ROLLBACK TO unit")
        } else {
            Ok(())
        };
        if let Err(error) = undone.and_then(|()| connection.command("RELEASE unit")) {
            // Half a unit must not be committed with the others.
            connection.command("ROLLBACK")?;
            return outcome.and(Err(error.into()));
        }
    }
    outcome
}

fn commit(connection: &Connection) -> Result<(), Error> {
    if connection.is_autocommit() {
        // Those that went well were undone with the one that failed, and may be tried again.
        return Err(Error::Contention);
    }
    connection.command("COMMIT").inspect_err(|_| {
        if !connection.is_autocommit() {
            // If this fails, too, the next group finds the transaction open.
            let _ = connection.command("ROLLBACK");
        }
    })
}
