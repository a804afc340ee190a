//! What several servers share besides the store: a Redis server, spoken to over one connection that is made again when it is
//! lost. Nothing depends on it: while it is away each server goes by itself, and nobody waits for it longer than
//! `redis.timeout`.

mod fan_out;
mod limits;
pub(crate) mod nodes;
mod wire;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind, cmd};
use ntt_auth_core::port::Clock;
use ntt_auth_web::{Component, Condition};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tracing::Instrument as _;

pub use limits::RedisLimits;

use self::wire::Wire;
use crate::breaker::{Breaker, BreakerReport, BreakerState};
use crate::settings::{Redis as Settings, RedisUrl};
use crate::start::StartError;

/// How soon a lost connection is made again, at first and at the longest.
const AGAIN: Duration = Duration::from_millis(100);
const AGAIN_AT_LAST: Duration = Duration::from_secs(1);
/// How often a connection is tried that nobody uses, and how often while the breaker is not closed.
const BEAT: Duration = Duration::from_secs(1);
const QUICK_BEAT: Duration = Duration::from_millis(200);
/// After so many beats without an answer a connection is given up: it may lead nowhere.
const LOST_BEATS: u32 = 3;

/// A Redis server.
pub struct Redis {
    wire: Wire,
    prefix: String,
    patience: Duration,
    breaker: Breaker,
    clock: Arc<dyn Clock>,
    link: watch::Sender<Option<MultiplexedConnection>>,
    stale: Notify,
    trouble: Mutex<Option<String>>,
}

/// Why a command brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum Away {
    /// It has been failing and is left alone.
    #[error(transparent)]
    Refused(#[from] crate::breaker::Refused),
    /// There is no connection.
    #[error("there is no connection")]
    Unconnected,
    /// It took too long.
    #[error("no answer within {} ms", .0.as_millis())]
    Late(Duration),
    /// It was answered by an error, or the connection broke.
    #[error(transparent)]
    Failed(#[from] RedisError),
}

impl Redis {
    /// Prepares to speak to the server at `url`; [`Redis::keep`] connects.
    ///
    /// # Errors
    /// If TLS cannot be prepared.
    pub fn new(
        url: &RedisUrl,
        settings: &Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        Ok(Self {
            wire: Wire::new(url, settings)?,
            prefix: settings.prefix.clone(),
            patience: settings.timeout,
            breaker: Breaker::new(settings.breaker),
            clock,
            link: watch::Sender::new(None),
            stale: Notify::new(),
            trouble: Mutex::new(None),
        })
    }

    /// Connects, and connects again whenever the connection is lost. Never ends.
    pub async fn keep(self: Arc<Self>) {
        let mut wait = AGAIN;
        let mut is_told = false;
        loop {
            match self.wire.connect().await {
                Ok((connection, driver)) => {
                    tracing::info!(target: "redis", "connected");
                    (wait, is_told) = (AGAIN, false);
                    let driver = tokio::spawn(driver);
                    self.link.send_replace(Some(connection));
                    self.watch(driver).await;
                    self.link.send_replace(None);
                    tracing::warn!(target: "redis", "the connection was lost; this server counts by itself until it is back");
                }
                Err(error) => {
                    self.note(&error);
                    if !is_told {
                        tracing::warn!(target: "redis", %error, "no connection; this server counts by itself until there is one");
                        is_told = true;
                    }
                }
            }
            sleep(wait).await;
            wait = (wait * 2).min(AGAIN_AT_LAST);
        }
    }

    /// Waits until the connection is lost.
    async fn watch(&self, mut driver: JoinHandle<()>) {
        let mut lost = 0;
        while lost < LOST_BEATS {
            let beat = match self.report().state {
                BreakerState::Closed => BEAT,
                BreakerState::HalfOpen | BreakerState::Open => QUICK_BEAT,
            };
            tokio::select! {
                _ = &mut driver => return,
                () = self.stale.notified() => break,
                () = sleep(beat) => {}
            }
            match self.ping().await {
                Ok(()) => lost = 0,
                Err(Away::Refused(_)) => {}
                Err(_) => lost += 1,
            }
        }
        driver.abort();
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// [`Away`] if not.
    pub async fn ping(&self) -> Result<(), Away> {
        self.call(async |mut link| cmd("PING").exec_async(&mut link).await)
            .await
    }

    /// Gives a command to the server, and waits no longer than is configured.
    ///
    /// # Errors
    /// [`Away`] if that brought nothing.
    pub async fn call<T, F>(
        &self,
        command: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<T, Away>
    where
        F: Future<Output = RedisResult<T>>,
    {
        self.call_within(self.patience, command).await
    }

    /// The same where nobody waits for the answer, so that it may take longer.
    async fn call_within<T, F>(
        &self,
        patience: Duration,
        command: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<T, Away>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let permit = self.breaker.admit(self.clock.now())?;
        let link = self.link.borrow().clone();
        let Some(link) = link else {
            permit.failed(self.clock.now());
            return Err(Away::Unconnected);
        };
        let span = tracing::info_span!(
            target: "trace",
            "redis",
            otel.kind = "client",
            "db.system.name" = "redis",
        );
        let outcome = timeout(patience, command(link).instrument(span)).await;
        let away = match outcome {
            Ok(Ok(answer)) => {
                permit.succeeded(self.clock.now());
                return Ok(answer);
            }
            Ok(Err(error)) => {
                if is_misplaced(&error) {
                    self.stale.notify_one();
                }
                Away::Failed(error)
            }
            Err(_) => Away::Late(patience),
        };
        permit.failed(self.clock.now());
        self.note(&away);
        Err(away)
    }

    /// A name under the configured prefix.
    fn name(&self, rest: &str) -> String {
        format!("{}{rest}", self.prefix)
    }

    fn note(&self, trouble: &dyn std::error::Error) {
        let text = Some(trouble.to_string());
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    /// How the breaker before it stands.
    pub fn report(&self) -> BreakerReport {
        self.breaker.report(self.clock.now())
    }

    /// How it is, for health: without it limits hold for each server by itself, and revocations reach the others later.
    pub fn component(&self) -> Component {
        let is_connected = self.link.borrow().is_some();
        let is_well = is_connected && self.report().state == BreakerState::Closed;
        let trouble = || {
            let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
            trouble
                .clone()
                .unwrap_or_else(|| "not connected yet".to_owned())
        };
        Component {
            name: "redis",
            condition: match is_well {
                true => Condition::Ok,
                false => Condition::Degraded,
            },
            latency: None,
            cause: (!is_well).then(trouble),
        }
    }
}

/// Whether a server answers that cannot do what is wanted of it, while another one may: after a failover.
fn is_misplaced(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Server(
            ServerErrorKind::ReadOnly
                | ServerErrorKind::MasterDown
                | ServerErrorKind::BusyLoading
                | ServerErrorKind::ClusterDown
        )
    )
}

#[cfg(test)]
mod tests;
