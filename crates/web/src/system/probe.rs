//! What the process knows of itself and tells through health and metrics.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ntt_auth_core::port::Backups;
use ntt_auth_core::store::Connections;
use serde::Serialize;
use utoipa::ToSchema;

use crate::system::{Outbox, TimeTravel};

/// How a part of the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It works.
    Ok,
    /// It works, but not as it should.
    Degraded,
    /// It does not work.
    Down,
}

/// A part of the server, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Its name, in `snake_case`.
    pub name: &'static str,
    /// How it is.
    pub condition: Condition,
    /// How long it took to answer, if it was asked.
    pub latency: Option<Duration>,
    /// Why it is not well, for operators.
    pub cause: Option<String>,
}

/// The hashing pool's figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HashingStats {
    /// Threads that hash.
    pub workers: u64,
    /// Hashes waiting for a thread.
    pub waiting: u64,
    /// Most that may wait.
    pub capacity: u64,
    /// Hashes being computed.
    pub running: u64,
    /// Hashes computed since the start.
    pub finished: u64,
    /// Requests refused since the start, because too many were waiting.
    pub refused: u64,
}

/// What became of mail since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailStats {
    /// By letter.
    pub letters: Vec<LetterStats>,
}

/// What became of one letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LetterStats {
    /// Its name.
    pub letter: &'static str,
    /// Handed over.
    pub sent: u64,
    /// Attempts that failed and are repeated.
    pub put_off: u64,
    /// Refused for good.
    pub refused: u64,
}

/// How a circuit breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// A few go through, to see whether the service is back.
    HalfOpen,
    /// None go through: the service is left alone for a while.
    Open,
}

impl BreakerState {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }

    /// The state of that name.
    pub fn of(name: &str) -> Option<Self> {
        let all = [Self::Closed, Self::HalfOpen, Self::Open];
        all.into_iter().find(|state| state.as_str() == name)
    }
}

/// What a server of several tells of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStats {
    /// Its name, a new one at each start.
    pub name: String,
    /// Its version.
    pub version: String,
    /// How its breakers stand, by service.
    pub breakers: BTreeMap<String, BreakerState>,
}

/// What a circuit breaker tells of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerStats {
    /// The service around which it stands: the name of that component, in `snake_case`.
    pub service: &'static str,
    /// How it stands.
    pub state: BreakerState,
    /// How often it opened.
    pub opened: u64,
    /// Calls that were refused.
    pub refused: u64,
}

/// The store's figures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// The connections to its engine, where there are any.
    pub connections: Option<Connections>,
    /// The statements that ran since the start.
    pub statements: Vec<StatementStats>,
}

/// What is known of one statement since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementStats {
    /// Its name.
    pub name: &'static str,
    /// How often it ran.
    pub count: u64,
    /// How long that took, all together.
    pub time: Duration,
    /// How often it took longer than the configured time.
    pub slow: u64,
}

/// What became of the spans of traces since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TraceStats {
    /// Taken by the collector.
    pub sent: u64,
    /// Sent, and not taken.
    pub failed: u64,
    /// Not sent, because too many were waiting or the collector was away.
    pub dropped: u64,
}

/// What only the process can tell. The server implements it.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Whether the server was told to end: it still answers, and is ready for nothing more.
    fn is_stopping(&self) -> bool {
        false
    }

    /// The hashing pool's figures.
    fn hashing(&self) -> HashingStats;

    /// Parts beyond store, keys, revocations and hashing, if there are any.
    async fn components(&self) -> Vec<Component>;

    /// How the breakers around the services outside stand.
    fn breakers(&self) -> Vec<BreakerStats> {
        Vec::new()
    }

    /// The servers of this installation, this one among them, where they know of each other.
    async fn nodes(&self) -> Vec<NodeStats> {
        Vec::new()
    }

    /// The store's figures.
    fn store(&self) -> StoreStats {
        StoreStats::default()
    }

    /// What became of mail.
    fn mail(&self) -> MailStats {
        MailStats::default()
    }

    /// What became of the spans of traces, if any are sent.
    fn traces(&self) -> Option<TraceStats> {
        None
    }

    /// Where mail is kept instead of sent, if it is.
    fn outbox(&self) -> Option<Arc<dyn Outbox>> {
        None
    }

    /// The means to make backups, where there are any.
    fn backups(&self) -> Option<Arc<dyn Backups>> {
        None
    }

    /// The means to move time, where the profile has them.
    fn time_travel(&self) -> Option<Arc<dyn TimeTravel>> {
        None
    }
}
