//! What the process knows of itself and tells through health and metrics.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ntt_auth_core::port::Backups;
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
    /// How the breaker around the mail server stands, if there is a server.
    pub breaker: Option<BreakerStats>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerStats {
    /// 0 closed, 1 half-open, 2 open.
    pub state: u8,
    /// How often it opened.
    pub opened: u64,
    /// Calls that were refused.
    pub refused: u64,
}

/// What only the process can tell. The server implements it.
#[async_trait]
pub trait Probe: Send + Sync {
    /// The hashing pool's figures.
    fn hashing(&self) -> HashingStats;

    /// Parts beyond store, keys, revocations and hashing, if there are any.
    async fn components(&self) -> Vec<Component>;

    /// What became of mail, and how the services outside are.
    fn mail(&self) -> MailStats {
        MailStats::default()
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
