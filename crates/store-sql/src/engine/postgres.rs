//! PostgreSQL by sqlx.

use std::panic::AssertUnwindSafe;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use ntt_auth_core::store::StoreError;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{
    PgArguments, PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgRow, PgTypeInfo,
};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Encode, Executor as _,
    Row as _, Type, TypeInfo as _,
};

use super::{Conn, Dialect, Engine, Error, Row, Statement, Unit, Value};

const CONNECTIONS: u32 = 16;
const PATIENCE: Duration = Duration::from_secs(5);
/// A connection used this recently is not asked whether it still lives, which would double the time of a read.
const FRESH: Duration = Duration::from_secs(1);
/// What every connection begins with. A lock that is not had in this time is contention, tried again by the caller.
const SESSION: &str = "SET default_transaction_isolation = 'read committed'; SET lock_timeout = '5s'; \
                       SET idle_in_transaction_session_timeout = '30s'";

/// A PostgreSQL database.
#[derive(Debug)]
pub(crate) struct Postgres {
    pool: PgPool,
}

impl Postgres {
    /// Connects to `url` (`postgres://user:password@host/database`).
    pub(crate) async fn connect(url: &str) -> Result<Self, Error> {
        let options = PgConnectOptions::from_str(url)
            .map_err(classify)?
            .disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .before_acquire(|connection, used| {
                Box::pin(async move {
                    if used.idle_for > FRESH {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(SESSION).await.map(drop) })
            })
            .connect_with(options)
            .await
            .map_err(classify)?;
        Ok(Self { pool })
    }
}

#[async_trait]
impl Engine for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn query(&self, statement: &Statement, values: &[Value]) -> Result<Vec<Row>, Error> {
        let mut connection = self.pool.acquire().await.map_err(classify)?;
        rows(&mut connection, statement, values).await
    }

    async fn attempt(&self, unit: Arc<dyn Unit>) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await.map_err(classify)?;
        // Dropped uncommitted, also when the caller goes away, it rolls back before its connection is used again.
        let transaction = connection.begin().await.map_err(classify)?;
        let mut open = Open {
            transaction,
            failed: None,
        };
        let applied = AssertUnwindSafe(unit.apply(&mut open)).catch_unwind().await;
        let outcome = applied.unwrap_or_else(|_| Err(Error::panicked().into()));
        match (outcome, open.failed) {
            (Ok(()), None) => open
                .transaction
                .commit()
                .await
                .map_err(|error| classify(error).into()),
            (outcome, failed) => {
                open.transaction.rollback().await.map_err(classify)?;
                outcome.and(failed.map_or(Ok(()), |error| Err(error.into())))
            }
        }
    }

    #[cfg(test)]
    async fn prepare(&self, statement: &Statement) -> Result<(), Error> {
        let text = AssertSqlSafe(statement.numbered());
        let text = sqlx::SqlSafeStr::into_sql_str(text);
        let mut connection = self.pool.acquire().await.map_err(classify)?;
        connection.prepare(text).await.map(drop).map_err(classify)
    }
}

struct Open<'c> {
    transaction: sqlx::Transaction<'c, sqlx::Postgres>,
    failed: Option<Error>,
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
        let outcome = rows(&mut self.transaction, statement, values).await;
        self.noting(statement, outcome)
    }

    async fn execute(&mut self, statement: &Statement, values: &[Value]) -> Result<u64, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let outcome = if statement.is_collidable() {
            self.write_survivably(statement, values).await
        } else {
            write(&mut self.transaction, statement, values).await
        };
        self.noting(statement, outcome)
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
