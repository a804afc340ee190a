//! Hearing of commits by `LISTEN` and `NOTIFY`.
//!
//! Commits that notify come one after another in the whole cluster. Those that write revocations do so anyway, because each holds the
//! counter of the log until its end.

use std::time::Duration;

use async_trait::async_trait;
use ntt_auth_core::store::{Changes, StoreError};
use sqlx::Executor as _;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::time::timeout;

use super::classify;
use crate::engine::call::within;
use crate::engine::{Error, Statement};

/// Names the channel, which is one of this database alone. Nothing is said but that there is something to read.
pub(super) static TELL: Statement =
    Statement::new("changes.tell", "SELECT pg_notify('ntt_auth_changes', '')");
const CHANNEL: &str = "ntt_auth_changes";

/// A connection on which nothing is heard may lead nowhere: then it is tried whether anybody answers.
const SILENCE: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection of its own that listens.
pub(super) struct Listener(PgListener);

impl Listener {
    /// Connects and listens.
    pub(super) async fn begin(
        options: PgConnectOptions,
        patience: Duration,
    ) -> Result<Self, Error> {
        let listening = async {
            let pool = PgPoolOptions::new()
                .max_connections(1)
                .max_lifetime(None)
                .idle_timeout(None)
                .connect_with(options)
                .await?;
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await?;
            Ok(listener)
        };
        let listening = Box::pin(async { listening.await.map_err(classify) });
        within(patience, listening).await.map(Self)
    }
}

#[async_trait]
impl Changes for Listener {
    async fn next(&mut self) -> Result<(), StoreError> {
        loop {
            match timeout(SILENCE, self.0.try_recv()).await {
                Ok(Ok(Some(_))) => return Ok(()),
                Ok(Ok(None)) => {
                    return Err(Error::unavailable("the listening connection was lost").into());
                }
                Ok(Err(error)) => return Err(classify(error).into()),
                Err(_) => {
                    let answered = async { self.0.execute("SELECT 1").await.map_err(classify) };
                    within(PATIENCE, answered).await?;
                }
            }
        }
    }
}
