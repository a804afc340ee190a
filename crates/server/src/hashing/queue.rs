use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ntt_auth_core::password::{Digest, FormatError, HasherError, Task, Work};
use tokio::sync::oneshot;

use super::Stats;
use super::pace::Pace;
use super::stage::Stage;

/// What comes back for one task.
pub(super) type Outcome = Result<Digest, FormatError>;

/// A task and who waits for it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) task: Task,
    pub(super) answer: oneshot::Sender<Outcome>,
    pub(super) stage: Stage,
}

/// What the queue lets in and hands out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How many threads take work.
    pub(super) workers: usize,
    /// How many jobs may wait.
    pub(super) waiting: usize,
    /// How long a job may have to wait by estimate.
    pub(super) max_wait: Duration,
    /// How many bcrypt jobs a thread takes at once at most.
    pub(super) lanes: usize,
}

/// The one queue in front of all workers.
#[derive(Debug)]
pub(super) struct Queue {
    limits: Limits,
    state: Mutex<State>,
    arrival: Condvar,
}

#[derive(Debug)]
struct State {
    waiting: VecDeque<Job>,
    /// Jobs in the workers' hands.
    running: usize,
    /// Workers that have nothing to do.
    idle: usize,
    closed: bool,
    pace: Pace,
    done: u64,
    batches: u64,
    refused: u64,
    abandoned: u64,
}

/// How far into the queue a worker looks for jobs that go with the first.
const WINDOW: usize = 64;

impl Queue {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                running: 0,
                idle: 0,
                closed: false,
                pace: Pace::new(limits.lanes),
                done: 0,
                batches: 0,
                refused: 0,
                abandoned: 0,
            }),
            arrival: Condvar::new(),
        }
    }

    /// Lets a job in, or refuses it at once.
    pub(super) fn admit(&self, task: Task) -> Result<oneshot::Receiver<Outcome>, HasherError> {
        let mut state = self.state();
        if state.closed {
            return Err(HasherError::Closed);
        }
        if self.overloaded(&state).is_some() {
            state.drop_abandoned();
        }
        if let Some(retry_after_secs) = self.overloaded(&state) {
            state.refused += 1;
            return Err(HasherError::Overloaded { retry_after_secs });
        }
        let (answer, outcome) = oneshot::channel();
        state.waiting.push_back(Job {
            task,
            answer,
            stage: Stage::waiting(),
        });
        drop(state);
        self.arrival.notify_one();
        Ok(outcome)
    }

    /// Waits for work. One job when there are idle threads enough for all, several bcrypt jobs of one cost when there are not; nothing once the queue is
    /// closed and empty.
    pub(super) fn take(&self) -> Option<Vec<Job>> {
        let mut state = self.state();
        loop {
            let width = width(state.waiting.len(), state.idle, self.limits.lanes);
            let batch = state.next_batch(width);
            if !batch.is_empty() {
                state.running += batch.len();
                state.batches += 1;
                return Some(batch);
            }
            if state.closed {
                return None;
            }
            state.idle += 1;
            state = self
                .arrival
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    /// Notes that a worker is done with `jobs` jobs it took together; without a time if they failed.
    pub(super) fn finished(&self, jobs: usize, elapsed: Option<Duration>) {
        let mut state = self.state();
        state.running -= jobs;
        if let Some(elapsed) = elapsed {
            state.done += u64::try_from(jobs).unwrap_or(u64::MAX);
            state.pace.note(jobs, elapsed);
        }
    }

    /// Lets nothing in from now on.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.arrival.notify_all();
    }

    /// Drops what waits.
    pub(super) fn forget(&self) {
        self.state().waiting.clear();
    }

    pub(super) fn stats(&self) -> Stats {
        let state = self.state();
        Stats {
            waiting: state.waiting.len(),
            running: state.running,
            done: state.done,
            batches: state.batches,
            refused: state.refused,
            abandoned: state.abandoned,
        }
    }

    /// When to come back, in seconds, if one more job is too much: when what is here now will be done.
    fn overloaded(&self, state: &State) -> Option<u64> {
        let wait = self.estimated_wait(state);
        let too_much = state.waiting.len() >= self.limits.waiting || wait > self.limits.max_wait;
        too_much.then(|| (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1))
    }

    /// How long one more job would wait for a thread.
    fn estimated_wait(&self, state: &State) -> Duration {
        let workers = self.limits.workers.max(1);
        let before = (state.running + state.waiting.len() + 1).saturating_sub(workers);
        let (before, workers) = (
            u32::try_from(before).unwrap_or(u32::MAX),
            u32::try_from(workers).unwrap_or(u32::MAX),
        );
        state
            .pace
            .under_load()
            .unwrap_or_default()
            .saturating_mul(before)
            / workers
    }

    /// A worker that panics holds no lock, so what a poisoned one guards is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The first job that somebody still waits for, and up to `width` in all that can be computed with it.
    fn next_batch(&mut self, width: usize) -> Vec<Job> {
        let mut batch: Vec<Job> = Vec::with_capacity(width);
        let mut place = 0;
        while batch.len() < width && place < WINDOW {
            let Some(job) = self.waiting.get(place) else {
                break;
            };
            if job.answer.is_closed() {
                self.waiting.remove(place);
                self.abandoned += 1;
            } else if batch
                .first()
                .is_none_or(|first| go_together(&first.task.work, &job.task.work))
            {
                batch.extend(self.waiting.remove(place));
            } else {
                place += 1;
            }
        }
        batch
    }

    fn drop_abandoned(&mut self) {
        let before = self.waiting.len();
        self.waiting.retain(|job| !job.answer.is_closed());
        self.abandoned += u64::try_from(before - self.waiting.len()).unwrap_or(u64::MAX);
    }
}

/// bcrypt of the same cost: of different ones, the cheaper would wait for the dearer.
fn go_together(first: &Work, other: &Work) -> bool {
    matches!((first, other), (Work::Bcrypt(first), Work::Bcrypt(other)) if first.cost() == other.cost())
}

/// How many jobs a worker takes, so that no other stands idle meanwhile.
fn width(waiting: usize, idle: usize, lanes: usize) -> usize {
    waiting.div_ceil(idle + 1).clamp(1, lanes.max(1))
}

#[cfg(test)]
mod tests;
