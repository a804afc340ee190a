//! What the process tells of itself through health and metrics.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use async_trait::async_trait;
use ntt_auth_core::port::Backups;
use ntt_auth_web::{
    BreakerState, BreakerStats, Component, HashingStats, MailStats, NodeStats, Outbox, Probe,
    StatementStats, StoreStats, TimeTravel, TraceStats,
};

use crate::backup::BackupFolder;
use crate::breaker::{self, BreakerReport};
use crate::engine::OpenStore;
use crate::hashing::HashingPool;
use crate::mail::MailRoom;
use crate::settings::Hashing;
use crate::shared::Shared;
use crate::telemetry::Traces;

/// What is watched: the hashing pool, the mail, the engine of the store, and what is shared besides.
pub struct Watched {
    /// Hashes passwords.
    pub hasher: Arc<HashingPool>,
    /// Sends mail.
    pub mail: Arc<MailRoom>,
    /// What the store is in.
    pub engine: OpenStore,
    /// What other servers share with this one.
    pub shared: Arc<Shared>,
    /// Moves the clock, where the profile allows it.
    pub travel: Option<Arc<dyn TimeTravel>>,
    /// Makes backups.
    pub backups: Arc<BackupFolder>,
    /// Sends traces.
    pub traces: Arc<Traces>,
    /// Set when the server was told to end.
    pub stopping: Arc<AtomicBool>,
}

/// Watches it, and tells.
pub struct Process {
    watched: Watched,
    workers: usize,
    capacity: usize,
}

impl Process {
    /// Watches what there is; the hashing pool was started with `settings`.
    pub fn new(watched: Watched, settings: &Hashing) -> Self {
        let cores = || thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            watched,
            workers: settings.workers.unwrap_or_else(cores),
            capacity: settings.queue,
        }
    }
}

#[async_trait]
impl Probe for Process {
    fn is_stopping(&self) -> bool {
        self.watched.stopping.load(Ordering::Relaxed)
    }

    fn hashing(&self) -> HashingStats {
        let stats = self.watched.hasher.stats();
        HashingStats {
            workers: count(self.workers),
            waiting: count(stats.waiting),
            capacity: count(self.capacity),
            running: count(stats.running),
            finished: stats.done,
            refused: stats.refused,
        }
    }

    async fn components(&self) -> Vec<Component> {
        let mail = Some(self.watched.mail.component());
        mail.into_iter()
            .chain(self.watched.shared.component())
            .collect()
    }

    fn breakers(&self) -> Vec<BreakerStats> {
        // SQLite has none: a file answers at once or fails at once.
        let store = self.watched.engine.store.connections();
        let store = store.map(|_| told("store", self.watched.engine.watch.report()));
        let mail = self
            .watched
            .mail
            .breaker()
            .map(|report| told("mail", report));
        let redis = self
            .watched
            .shared
            .breaker()
            .map(|report| told("redis", report));
        let traces = self.watched.traces.breaker();
        let traces = traces.map(|report| told("traces", report));
        let beside_store = mail.into_iter().chain(redis).chain(traces);
        store.into_iter().chain(beside_store).collect()
    }

    async fn nodes(&self) -> Vec<NodeStats> {
        self.watched.shared.nodes().await
    }

    fn store(&self) -> StoreStats {
        let statements = self.watched.engine.watch.statements().into_iter();
        StoreStats {
            connections: self.watched.engine.store.connections(),
            statements: statements
                .map(|report| StatementStats {
                    name: report.name,
                    count: report.count,
                    time: report.time,
                    slow: report.slow,
                })
                .collect(),
        }
    }

    fn mail(&self) -> MailStats {
        self.watched.mail.stats()
    }

    fn traces(&self) -> Option<TraceStats> {
        self.watched.traces.stats()
    }

    fn outbox(&self) -> Option<Arc<dyn Outbox>> {
        let outbox = self.watched.mail.outbox.clone()?;
        Some(outbox)
    }

    fn backups(&self) -> Option<Arc<dyn Backups>> {
        Some(Arc::clone(&self.watched.backups) as Arc<dyn Backups>)
    }

    fn time_travel(&self) -> Option<Arc<dyn TimeTravel>> {
        self.watched.travel.clone()
    }
}

fn told(service: &'static str, report: BreakerReport) -> BreakerStats {
    BreakerStats {
        service,
        state: match report.state {
            breaker::BreakerState::Closed => BreakerState::Closed,
            breaker::BreakerState::HalfOpen => BreakerState::HalfOpen,
            breaker::BreakerState::Open => BreakerState::Open,
        },
        opened: report.opened,
        refused: report.refused,
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
