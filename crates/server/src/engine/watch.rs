//! What stands before every call of an engine elsewhere, and listens to every statement of any.
//!
//! While the engine is away nobody's request is spent on finding out whether it is back, which would have somebody wait for a
//! server that does not answer: a task of its own asks, and all other calls are refused at once until it has had answers.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ntt_auth_core::port::Clock;
use ntt_auth_core::store::{Gate, Pass, StoreError};
use papaya::HashMap;

use crate::breaker::{Breaker, BreakerReport, Permit};
use crate::settings::Engine;
use crate::telemetry::traces;

/// How long a probe of an engine that has been failing may take: an answer later than this is none.
const PROBE: Duration = Duration::from_secs(1);

tokio::task_local! {
    /// Set where the calls of a task are probes.
    static PROBING: ();
}

/// A breaker, and figures of statements.
pub struct EngineWatch {
    breaker: Breaker,
    clock: Arc<dyn Clock>,
    timeout: Duration,
    slow: Option<Duration>,
    system: &'static str,
    statements: HashMap<&'static str, Figures>,
}

#[derive(Debug, Default)]
struct Figures {
    count: AtomicU64,
    nanos: AtomicU64,
    slow: AtomicU64,
}

/// What is known of one statement since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementReport {
    /// Its name.
    pub name: &'static str,
    /// How often it ran.
    pub count: u64,
    /// How long that took, all together.
    pub time: Duration,
    /// How often it took longer than the configured time.
    pub slow: u64,
}

impl EngineWatch {
    /// Watches as it is configured; `system` is what OpenTelemetry calls the engine.
    pub fn new(settings: &Engine, clock: Arc<dyn Clock>, system: &'static str) -> Self {
        Self {
            breaker: Breaker::new(settings.breaker),
            clock,
            timeout: settings.timeout,
            slow: settings.slow_statement,
            system,
            statements: HashMap::new(),
        }
    }

    /// Has the calls of `calls` be probes: they go through, a few at a time, when the engine has been left alone for long enough.
    pub async fn probing<T>(calls: impl Future<Output = T>) -> T {
        PROBING.scope((), calls).await
    }

    /// How the breaker stands.
    pub fn report(&self) -> BreakerReport {
        self.breaker.report(self.clock.now())
    }

    /// The figures of every statement that ran.
    pub fn statements(&self) -> Vec<StatementReport> {
        let statements = self.statements.pin();
        let mut reports: Vec<_> = statements
            .iter()
            .map(|(name, figures)| StatementReport {
                name,
                count: figures.count.load(Ordering::Relaxed),
                time: Duration::from_nanos(figures.nanos.load(Ordering::Relaxed)),
                slow: figures.slow.load(Ordering::Relaxed),
            })
            .collect();
        reports.sort_by_key(|report| report.name);
        reports
    }
}

impl Gate for EngineWatch {
    fn enter(&self) -> Result<Box<dyn Pass + '_>, StoreError> {
        let now = self.clock.now();
        let is_probe = PROBING.try_with(|()| ()).is_ok();
        let admitted = if is_probe {
            self.breaker.admit(now)
        } else {
            self.breaker.admit_if_closed(now)
        };
        Ok(Box::new(Call {
            permit: admitted.map_err(StoreError::unavailable)?,
            clock: &*self.clock,
            patience: if is_probe {
                PROBE.min(self.timeout)
            } else {
                self.timeout
            },
        }))
    }

    fn took(&self, statement: &'static str, time: Duration) {
        traces::statement(self.system, statement, time);
        let is_slow = self.slow.is_some_and(|slow| time > slow);
        let statements = self.statements.pin();
        let figures = statements.get_or_insert_with(statement, Figures::default);
        figures.count.fetch_add(1, Ordering::Relaxed);
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        figures.nanos.fetch_add(nanos, Ordering::Relaxed);
        if is_slow {
            figures.slow.fetch_add(1, Ordering::Relaxed);
            let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(target: "store", statement, milliseconds, "a statement was slow");
        }
    }
}

struct Call<'w> {
    permit: Permit<'w>,
    clock: &'w dyn Clock,
    patience: Duration,
}

impl Pass for Call<'_> {
    fn patience(&self) -> Duration {
        self.patience
    }

    fn answered(self: Box<Self>) {
        self.permit.succeeded(self.clock.now());
    }

    fn failed(self: Box<Self>) {
        self.permit.failed(self.clock.now());
    }
}

#[cfg(test)]
mod tests;
