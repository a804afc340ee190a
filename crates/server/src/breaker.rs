//! A circuit breaker (ENG-4): a service outside that keeps failing is left alone for a while, so that nobody waits for it in
//! vain and it can recover.
//!
//! *Closed*, calls go through and the last ones are remembered; when too many of them failed, the breaker *opens*, and calls
//! are refused at once. After a time it is *half-open*: a few calls go through as probes. If they succeed it closes; if one
//! fails it opens again. The time is an argument, so that tests need not wait.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ntt_auth_core::model::Timestamp;

/// When a breaker opens and closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerRules {
    /// How many of the last calls are looked at: 1 to 64.
    pub window: u32,
    /// How many failures among them open it.
    pub failures: u32,
    /// How long it stays open before it lets probes through.
    pub open_for: Duration,
    /// How many probes must succeed before it closes; as many may be under way at a time.
    pub probes: u32,
}

/// How a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// A few go through, to see.
    HalfOpen,
    /// None go through.
    Open,
}

/// What a breaker tells of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerReport {
    /// How it stands.
    pub state: BreakerState,
    /// Failures among the calls that are looked at.
    pub failures: u32,
    /// How often it opened since the start.
    pub opened: u64,
    /// How many calls were refused since the start.
    pub refused: u64,
}

/// A call was refused because the service has been failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the service has been failing and is left alone for {} seconds more", retry_after.as_secs_f64().ceil())]
pub struct Refused {
    /// After what time a call may go through.
    pub retry_after: Duration,
}

/// Watches the calls to one service.
#[derive(Debug)]
pub struct Breaker {
    rules: BreakerRules,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    phase: Phase,
    /// Counts the changes of phase: what a call tells that began in an earlier one is old news.
    turn: u64,
    opened: u64,
    refused: u64,
}

#[derive(Debug)]
enum Phase {
    /// The last outcomes, the newest in the lowest bit; one is a failure.
    Closed {
        outcomes: u64,
    },
    Open {
        since: Timestamp,
    },
    HalfOpen {
        under_way: u32,
        succeeded: u32,
    },
}

impl Breaker {
    /// A closed breaker.
    pub fn new(rules: BreakerRules) -> Self {
        Self {
            rules,
            inner: Mutex::new(Inner {
                phase: Phase::Closed { outcomes: 0 },
                turn: 0,
                opened: 0,
                refused: 0,
            }),
        }
    }

    /// Asks to make a call at `now`. The permit must be told how it ended; one that is dropped, because the call was
    /// cancelled, counts for nothing.
    ///
    /// # Errors
    /// [`Refused`] while the service is left alone.
    pub fn admit(&self, now: Timestamp) -> Result<Permit<'_>, Refused> {
        let mut inner = self.lock();
        if let Phase::Open { since } = &mut inner.phase {
            // A clock that was set back must not keep it open until it has caught up.
            *since = (*since).min(now);
            let left = self.rules.open_for.saturating_sub(now.since(*since));
            if left > Duration::ZERO {
                inner.refused += 1;
                return Err(Refused { retry_after: left });
            }
            inner.become_phase(Phase::HalfOpen {
                under_way: 0,
                succeeded: 0,
            });
        }
        if let Phase::HalfOpen { under_way, .. } = &mut inner.phase {
            if *under_way >= self.rules.probes.max(1) {
                inner.refused += 1;
                return Err(Refused {
                    retry_after: Duration::from_secs(1).min(self.rules.open_for),
                });
            }
            *under_way += 1;
        }
        Ok(Permit {
            breaker: self,
            turn: inner.turn,
            told: false,
        })
    }

    /// The same for a call that is no probe, because others make them: it goes through only while the breaker is closed.
    ///
    /// # Errors
    /// [`Refused`] until probes have succeeded.
    pub fn admit_if_closed(&self, now: Timestamp) -> Result<Permit<'_>, Refused> {
        let mut inner = self.lock();
        let left = match inner.phase {
            Phase::Closed { .. } => {
                return Ok(Permit {
                    breaker: self,
                    turn: inner.turn,
                    told: false,
                });
            }
            Phase::Open { since } => self.rules.open_for.saturating_sub(now.since(since)),
            Phase::HalfOpen { .. } => Duration::ZERO,
        };
        inner.refused += 1;
        Err(Refused {
            retry_after: left.max(Duration::from_secs(1).min(self.rules.open_for)),
        })
    }

    /// How it stands at `now`.
    pub fn report(&self, now: Timestamp) -> BreakerReport {
        let inner = self.lock();
        let (state, failures) = match inner.phase {
            Phase::Closed { outcomes } => (BreakerState::Closed, outcomes.count_ones()),
            Phase::Open { since } if now.since(since) < self.rules.open_for => {
                (BreakerState::Open, self.rules.failures)
            }
            Phase::Open { .. } | Phase::HalfOpen { .. } => {
                (BreakerState::HalfOpen, self.rules.failures)
            }
        };
        BreakerReport {
            state,
            failures,
            opened: inner.opened,
            refused: inner.refused,
        }
    }

    /// Closes it, whatever it saw.
    pub fn reset(&self) {
        self.lock().become_phase(Phase::Closed { outcomes: 0 });
    }

    fn ended(&self, turn: u64, outcome: Option<bool>, now: Timestamp) {
        let mut inner = self.lock();
        if inner.turn != turn {
            return;
        }
        let next = match (&mut inner.phase, outcome) {
            (Phase::Closed { outcomes }, Some(failed)) => {
                let window = 64_u32.saturating_sub(self.rules.window.clamp(1, 64));
                *outcomes = (*outcomes << 1 | u64::from(failed)) & (u64::MAX >> window);
                (outcomes.count_ones() >= self.rules.failures.max(1))
                    .then_some(Phase::Open { since: now })
            }
            (Phase::HalfOpen { .. }, Some(true)) => Some(Phase::Open { since: now }),
            (
                Phase::HalfOpen {
                    under_way,
                    succeeded,
                },
                outcome,
            ) => {
                *under_way = under_way.saturating_sub(1);
                *succeeded += u32::from(outcome.is_some());
                (*succeeded >= self.rules.probes.max(1)).then_some(Phase::Closed { outcomes: 0 })
            }
            (Phase::Closed { .. }, None) | (Phase::Open { .. }, _) => None,
        };
        if let Some(phase) = next {
            inner.become_phase(phase);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn become_phase(&mut self, phase: Phase) {
        self.opened += u64::from(matches!(phase, Phase::Open { .. }));
        self.turn += 1;
        self.phase = phase;
    }
}

/// The right to make one call.
#[derive(Debug)]
#[must_use = "the breaker learns from how the call ended"]
pub struct Permit<'a> {
    breaker: &'a Breaker,
    turn: u64,
    told: bool,
}

impl Permit<'_> {
    /// The service answered as it should, at `now`.
    pub fn succeeded(self, now: Timestamp) {
        self.tell(Some(false), now);
    }

    /// The service failed, at `now`.
    pub fn failed(self, now: Timestamp) {
        self.tell(Some(true), now);
    }

    fn tell(mut self, outcome: Option<bool>, now: Timestamp) {
        self.told = true;
        self.breaker.ended(self.turn, outcome, now);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.told {
            self.breaker.ended(self.turn, None, Timestamp::EPOCH);
        }
    }
}

#[cfg(test)]
mod tests;
