//! A call of a server, made through the gate that stands before it.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ntt_auth_core::store::{Gate, StoreError};
use sqlx::{Database, Transaction};
use tokio::time::timeout;

use super::Error;

/// How long a connection that was idle may take to say that it still lives.
const PING: Duration = Duration::from_millis(500);

/// Makes one call. It is given the time that a step of it may take, and reports [`Error::Late`] for one that takes longer.
pub(super) async fn call<T, E: From<Error> + MayBeOutage>(
    gate: &dyn Gate,
    call: impl AsyncFnOnce(Duration) -> Result<T, E>,
) -> Result<T, E> {
    let pass = gate.enter().map_err(|refused| match refused {
        StoreError::Unavailable(why) => Error::Unavailable(why),
        other => Error::driver(other),
    })?;
    let outcome = call(pass.patience()).await;
    match &outcome {
        Err(error) if error.is_outage() => pass.failed(),
        _ => pass.answered(),
    }
    outcome
}

/// Waits for one step.
pub(super) async fn within<T>(
    patience: Duration,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout(patience, step)
        .await
        .unwrap_or(Err(Error::Late(patience)))
}

/// When a connection last did not answer. Those that are as old are not to be trusted: where a network has forgotten them nobody
/// tells, and each would have somebody wait for as long as one may.
#[derive(Debug, Default)]
pub(super) struct Doubts(Mutex<Option<Instant>>);

impl Doubts {
    /// A connection did not answer.
    pub(super) fn arise(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether a connection that was idle answers when it is asked.
    pub(super) async fn settled_by<E>(
        &self,
        ping: impl Future<Output = Result<(), E>>,
    ) -> Result<bool, E> {
        match timeout(PING, ping).await {
            Ok(answered) => answered.map(|()| true),
            Err(_) => {
                self.arise();
                Ok(false)
            }
        }
    }

    /// Whether they concern a connection that was made so long ago.
    pub(super) fn concern(&self, age: Duration) -> bool {
        let arose = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        arose.is_some_and(|at| at.elapsed() <= age)
    }
}

/// Ends a transaction in which a unit was applied, with what came of that and the first error that its statements met. Also
/// says whether the connection is of no use any more because it does not answer.
pub(super) async fn end<DB: Database>(
    transaction: Transaction<'_, DB>,
    patience: Duration,
    outcome: Result<(), StoreError>,
    failed: Option<Error>,
    classify: fn(sqlx::Error) -> Error,
) -> (Result<(), StoreError>, bool) {
    let (outcome, ended) = match (outcome, failed) {
        // It would not be answered either.
        (outcome, Some(late @ Error::Late(_))) => return (outcome.and(Err(late.into())), true),
        (Ok(()), None) => {
            let commit = async { transaction.commit().await.map_err(classify) };
            (Ok(()), within(patience, commit).await)
        }
        (outcome, failed) => {
            let rollback = async { transaction.rollback().await.map_err(classify) };
            let failed = failed.map_or(Ok(()), |error| Err(error.into()));
            (outcome.and(failed), within(patience, rollback).await)
        }
    };
    let is_late = matches!(ended, Err(Error::Late(_)));
    (ended.map_err(StoreError::from).and(outcome), is_late)
}

/// An error that may be the engine's absence.
pub(super) trait MayBeOutage {
    /// Whether it is.
    fn is_outage(&self) -> bool;
}

impl MayBeOutage for Error {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Late(_))
    }
}

impl MayBeOutage for StoreError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
