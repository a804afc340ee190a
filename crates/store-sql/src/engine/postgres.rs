//! PostgreSQL by sqlx.

mod listen;

use std::ops::RangeInclusive;
use std::panic::AssertUnwindSafe;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use ntt_auth_core::store::{Changes, Connections, EngineOptions, Gate, StoreError};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::pool::PoolConnection;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{
    PgArguments, PgConnectOptions, PgConnection, PgPoolOptions, PgRow, PgTypeInfo,
};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Encode, Executor as _,
    Row as _, Type, TypeInfo as _,
};

use super::call::{Doubts, MayBeOutage, call, end, within};
use super::hosts::{Answer, Hosts, each};
use super::{Conn, Dialect, Engine, Error, Row, Statement, Unit, Value};

/// Connections that are kept, and the most there may be (ENG-3).
const CONNECTIONS: RangeInclusive<u32> = 5..=20;
/// A connection used this recently is not asked whether it still lives, which would double the time of a read.
const FRESH: Duration = Duration::from_secs(1);
/// What every connection begins with. A lock that is not had in this time is contention, tried again by the caller; those of a
/// client that went away without a word, in the midst of a transaction, are given back as soon.
const SESSION: &str = "SET default_transaction_isolation = 'read committed'; SET lock_timeout = '5s'; \
                       SET idle_in_transaction_session_timeout = '5s'; SET client_min_messages = 'warning'";

/// A PostgreSQL database.
pub(crate) struct Postgres {
    hosts: Hosts<sqlx::Postgres>,
    connect_timeout: Duration,
    most: u32,
    doubts: Arc<Doubts>,
    gate: Arc<dyn Gate>,
}

impl Postgres {
    /// Connects to `url` (`postgres://user:password@host,host/database`).
    pub(crate) async fn connect(url: &str, wanted: &EngineOptions) -> Result<Self, Error> {
        let hosts = each(url)
            .iter()
            .map(|url| options(url, wanted))
            .collect::<Result<Vec<_>, _>>()?;
        let connections = wanted.connections.clone().unwrap_or(CONNECTIONS);
        let most = *connections.end();
        let late = Arc::new(Doubts::default());
        let doubts = Arc::clone(&late);
        let shape = PgPoolOptions::new()
            .min_connections(*connections.start())
            .max_connections(most)
            .acquire_timeout(wanted.connect_timeout)
            .test_before_acquire(false)
            .before_acquire(move |connection, used| {
                let doubts = Arc::clone(&doubts);
                Box::pin(async move {
                    if doubts.concern(used.age) {
                        return Ok(false);
                    }
                    if used.idle_for > FRESH {
                        return doubts.settled_by(connection.ping()).await;
                    }
                    Ok(true)
                })
            })
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(SESSION).await.map(drop) })
            });
        let hosts = Hosts::connect(hosts, shape, is_writable)
            .await
            .map_err(classify)?;
        Ok(Self {
            hosts,
            connect_timeout: wanted.connect_timeout,
            most,
            doubts: late,
            gate: Arc::clone(&wanted.gate),
        })
    }

    async fn connection(
        &self,
        patience: Duration,
    ) -> Result<PoolConnection<sqlx::Postgres>, Error> {
        let free = async { self.hosts.acquire().await.map_err(classify) };
        within(patience, free).await
    }
}

impl Postgres {
    async fn call<T, E: From<Error> + MayBeOutage>(
        &self,
        made: impl AsyncFnOnce(Duration) -> Result<T, E>,
    ) -> Result<T, E> {
        let outcome = call(&*self.gate, made).await;
        if outcome.as_ref().is_err_and(MayBeOutage::is_outage) {
            self.hosts.look_around();
        }
        outcome
    }
}

#[async_trait]
impl Engine for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn query(&self, statement: &Statement, values: &[Value]) -> Result<Vec<Row>, Error> {
        self.call(async |patience| {
            let mut connection = self.connection(patience).await?;
            let outcome = within(patience, rows(&mut connection, statement, values)).await;
            if let Err(Error::Late(_)) = outcome {
                self.doubts.arise();
                connection.close_on_drop();
            }
            outcome
        })
        .await
    }

    async fn attempt(&self, unit: Arc<dyn Unit>) -> Result<(), StoreError> {
        self.call(async |patience| {
            let mut connection = self.connection(patience).await?;
            let patience = if unit.is_long() {
                Duration::MAX
            } else {
                patience
            };
            let (outcome, is_late) = in_transaction(&mut connection, patience, &*unit).await;
            if is_late {
                self.doubts.arise();
                connection.close_on_drop();
            }
            outcome
        })
        .await
    }

    async fn changes(&self) -> Result<Option<Box<dyn Changes>>, Error> {
        let listener = listen::Listener::begin(self.hosts.options(), self.connect_timeout);
        Ok(Some(Box::new(listener.await?)))
    }

    fn connections(&self) -> Option<Connections> {
        let (open, idle) = self.hosts.count();
        Some(Connections {
            open,
            in_use: open.saturating_sub(idle),
            most: self.most,
        })
    }

    #[cfg(test)]
    async fn prepare(&self, statement: &Statement) -> Result<(), Error> {
        let text = AssertSqlSafe(statement.numbered());
        let text = sqlx::SqlSafeStr::into_sql_str(text);
        let mut connection = self.hosts.acquire().await.map_err(classify)?;
        connection.prepare(text).await.map(drop).map_err(classify)
    }
}

/// Whether a host takes writes: the primary does.
fn is_writable(connection: &mut PgConnection) -> Answer<'_> {
    Box::pin(async move {
        let text: String = sqlx::query_scalar("SHOW transaction_read_only")
            .fetch_one(connection)
            .await?;
        Ok(text == "off")
    })
}

fn options(url: &str, wanted: &EngineOptions) -> Result<PgConnectOptions, Error> {
    let options = PgConnectOptions::from_str(url)
        .map_err(classify)?
        .disable_statement_logging();
    Ok(match &wanted.ca_file {
        Some(authorities) => options.ssl_root_cert(authorities),
        None => options,
    })
}

/// Applies a unit in a transaction. Also says whether the connection was given up because it does not answer.
async fn in_transaction(
    connection: &mut PgConnection,
    patience: Duration,
    unit: &dyn Unit,
) -> (Result<(), StoreError>, bool) {
    let begun = async { connection.begin().await.map_err(classify) };
    let transaction = match within(patience, begun).await {
        Ok(transaction) => transaction,
        Err(error) => {
            let is_late = matches!(error, Error::Late(_));
            return (Err(error.into()), is_late);
        }
    };
    // Dropped uncommitted, also when the caller goes away, it rolls back before its connection is used again.
    let mut open = Open {
        transaction,
        patience,
        failed: None,
        told: false,
    };
    let applied = AssertUnwindSafe(unit.apply(&mut open)).catch_unwind().await;
    let outcome = applied.unwrap_or_else(|_| Err(Error::panicked().into()));
    let Open {
        transaction,
        failed,
        ..
    } = open;
    end(transaction, patience, outcome, failed, classify).await
}

struct Open<'c> {
    transaction: sqlx::Transaction<'c, sqlx::Postgres>,
    patience: Duration,
    failed: Option<Error>,
    told: bool,
}

impl Open<'_> {
    fn noting<T>(&mut self, statement: &Statement, outcome: Result<T, Error>) -> Result<T, Error> {
        outcome.inspect_err(|error| {
            if !error.is_survived_by(statement) {
                self.failed = Some(error.clone());
            }
        })
    }

    /// PostgreSQL gives a transaction up at its first error, so a write that may collide stands behind a savepoint.
    async fn write_survivably(
        &mut self,
        statement: &Statement,
        values: &[Value],
    ) -> Result<u64, Error> {
        let mut savepoint = self.transaction.begin().await.map_err(classify)?;
        let written = write(&mut savepoint, statement, values).await;
        let closed = if written.is_ok() {
            savepoint.commit().await
        } else {
            savepoint.rollback().await
        };
        closed.map_err(classify)?;
        written
    }
}

#[async_trait]
impl Conn for Open<'_> {
    async fn query(&mut self, statement: &Statement, values: &[Value]) -> Result<Vec<Row>, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let outcome = within(
            self.patience,
            rows(&mut self.transaction, statement, values),
        )
        .await;
        self.noting(statement, outcome)
    }

    async fn execute(&mut self, statement: &Statement, values: &[Value]) -> Result<u64, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let patience = self.patience;
        let outcome = if statement.is_collidable() {
            within(patience, self.write_survivably(statement, values)).await
        } else {
            let written = write(&mut self.transaction, statement, values);
            within(patience, written).await
        };
        self.noting(statement, outcome)
    }

    async fn tell(&mut self) -> Result<(), Error> {
        if !std::mem::replace(&mut self.told, true) {
            self.execute(&listen::TELL, &[]).await?;
        }
        Ok(())
    }
}

async fn rows(
    connection: &mut PgConnection,
    statement: &Statement,
    values: &[Value],
) -> Result<Vec<Row>, Error> {
    let found = query(statement, values)?
        .fetch_all(connection)
        .await
        .map_err(classify)?;
    found.iter().map(|row| decode(statement, row)).collect()
}

async fn write(
    connection: &mut PgConnection,
    statement: &Statement,
    values: &[Value],
) -> Result<u64, Error> {
    let done = query(statement, values)?
        .execute(connection)
        .await
        .map_err(classify)?;
    Ok(done.rows_affected())
}

/// Every text is a constant of `repo/` or built there from constants; values are bound.
fn query(
    statement: &Statement,
    values: &[Value],
) -> Result<sqlx::query::Query<'static, sqlx::Postgres, PgArguments>, Error> {
    let mut arguments = PgArguments::default();
    for value in values {
        sqlx::Arguments::add(&mut arguments, value).map_err(unencodable)?;
    }
    Ok(sqlx::query_with(
        AssertSqlSafe(statement.numbered()),
        arguments,
    ))
}

fn unencodable(error: BoxDynError) -> Error {
    Error::driver(std::io::Error::other(error))
}

impl Type<sqlx::Postgres> for Value {
    fn type_info() -> PgTypeInfo {
        // Left for the server to infer: a null is of the type of its column.
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, sqlx::Postgres> for Value {
    fn encode_by_ref(
        &self,
        buffer: &mut sqlx::postgres::PgArgumentBuffer,
    ) -> Result<IsNull, BoxDynError> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(int) => Encode::<sqlx::Postgres>::encode_by_ref(int, buffer),
            Self::Text(text) => Encode::<sqlx::Postgres>::encode_by_ref(text, buffer),
            Self::Bytes(bytes) => Encode::<sqlx::Postgres>::encode_by_ref(bytes, buffer),
        }
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        match self {
            Self::Null => None,
            Self::Int(_) => Some(<i64 as Type<sqlx::Postgres>>::type_info()),
            Self::Text(_) => Some(<str as Type<sqlx::Postgres>>::type_info()),
            Self::Bytes(_) => Some(<[u8] as Type<sqlx::Postgres>>::type_info()),
        }
    }
}

fn decode(statement: &Statement, row: &PgRow) -> Result<Row, Error> {
    let columns = row.columns().iter().map(|column| {
        let at = column.ordinal();
        let value = match column.type_info().name() {
            "INT8" => row.try_get::<Option<i64>, _>(at).map(Value::from),
            "INT4" => row
                .try_get::<Option<i32>, _>(at)
                .map(|int| Value::from(int.map(i64::from))),
            "BOOL" => row.try_get::<Option<bool>, _>(at).map(Value::from),
            "BYTEA" => row.try_get::<Option<&[u8]>, _>(at).map(Value::from),
            _ => row.try_get::<Option<String>, _>(at).map(Value::from),
        };
        value.map_err(Error::driver)
    });
    Ok(Row::new(
        statement.name(),
        columns.collect::<Result<_, _>>()?,
    ))
}

fn classify(error: sqlx::Error) -> Error {
    use sqlx::Error as Cause;
    match &error {
        Cause::Database(refusal) => {
            // https://www.postgresql.org/docs/current/errcodes-appendix.html
            let code = refusal.code().unwrap_or_default();
            match &*code {
                "23505" => Error::Duplicate(refusal.constraint().unwrap_or_default().into()),
                // serialization failure, deadlock, lock not available
                "40001" | "40P01" | "55P03" => Error::Contention,
                code if is_unavailable(code) => {
                    Error::unavailable(format!("PostgreSQL refuses ({code}): {refusal}"))
                }
                _ => Error::driver(error),
            }
        }
        Cause::Io(_)
        | Cause::Tls(_)
        | Cause::PoolTimedOut
        | Cause::PoolClosed
        | Cause::WorkerCrashed => Error::unavailable(format!(
            "PostgreSQL does not answer ({error}): check that the server runs and that it can be reached from here"
        )),
        _ => Error::driver(error),
    }
}

/// Connection failures, refused sign-ins, missing database, lack of resources, operator intervention, and a server that
/// may only be read.
fn is_unavailable(code: &str) -> bool {
    ["08", "28", "53", "57P"]
        .iter()
        .any(|class| code.starts_with(class))
        || matches!(code, "25006" | "3D000")
}
