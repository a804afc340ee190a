//! MySQL and MariaDB by sqlx.

use std::panic::AssertUnwindSafe;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use ntt_auth_core::store::StoreError;
use sqlx::encode::IsNull;
use sqlx::error::{BoxDynError, DatabaseError};
use sqlx::mysql::{
    MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlPool,
    MySqlPoolOptions, MySqlRow, MySqlTypeInfo,
};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Encode, Executor as _, MySql,
    Row as _, Type,
};

use super::{Conn, Dialect, Engine, Error, Row, Statement, Unit, Value};

const CONNECTIONS: u32 = 16;
const PATIENCE: Duration = Duration::from_secs(5);
/// A connection used this recently is not asked whether it still lives, which would double the time of a read.
const FRESH: Duration = Duration::from_secs(1);
/// What every connection begins with: quoted names as in the other engines, values that do not fit refused instead of
/// cut, and reads that see what others committed since.
const SESSION: [&str; 3] = [
    "SET SESSION sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION innodb_lock_wait_timeout = 5",
];

/// A MySQL or MariaDB database.
#[derive(Debug)]
pub(crate) struct Mysql {
    pool: MySqlPool,
}

impl Mysql {
    /// Connects to `url` (`mysql://user:password@host/database`).
    pub(crate) async fn connect(url: &str) -> Result<Self, Error> {
        let options = MySqlConnectOptions::from_str(url)
            .map_err(classify)?
            .disable_statement_logging();
        let pool = MySqlPoolOptions::new()
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
                Box::pin(async move {
                    for statement in SESSION {
                        connection.execute(statement).await?;
                    }
                    Ok(())
                })
            })
            .connect_with(options)
            .await
            .map_err(classify)?;
        Ok(Self { pool })
    }
}

#[async_trait]
impl Engine for Mysql {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
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
        let text = sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(statement.owned_text()));
        let mut connection = self.pool.acquire().await.map_err(classify)?;
        connection.prepare(text).await.map(drop).map_err(classify)
    }
}

struct Open<'c> {
    transaction: sqlx::Transaction<'c, MySql>,
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
        let outcome = write(&mut self.transaction, statement, values).await;
        self.noting(statement, outcome)
    }
}

async fn rows(
    connection: &mut MySqlConnection,
    statement: &Statement,
    values: &[Value],
) -> Result<Vec<Row>, Error> {
    let found = query(statement, values)?
        .fetch_all(connection)
        .await
        .map_err(classify)?;
    found.iter().map(|row| decode(statement, row)).collect()
}

/// The driver asks the server to count matched rows, not changed ones, as the other engines do.
async fn write(
    connection: &mut MySqlConnection,
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
) -> Result<sqlx::query::Query<'static, MySql, MySqlArguments>, Error> {
    let mut arguments = MySqlArguments::default();
    for value in values {
        sqlx::Arguments::add(&mut arguments, value)
            .map_err(|error: BoxDynError| Error::driver(std::io::Error::other(error)))?;
    }
    Ok(sqlx::query_with(
        AssertSqlSafe(statement.owned_text()),
        arguments,
    ))
}

impl Type<MySql> for Value {
    fn type_info() -> MySqlTypeInfo {
        // For a null, whose type the server does not ask about.
        <i64 as Type<MySql>>::type_info()
    }
}

impl Encode<'_, MySql> for Value {
    fn encode_by_ref(&self, buffer: &mut Vec<u8>) -> Result<IsNull, BoxDynError> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(int) => Encode::<MySql>::encode_by_ref(int, buffer),
            Self::Text(text) => Encode::<MySql>::encode_by_ref(text, buffer),
            Self::Bytes(bytes) => Encode::<MySql>::encode_by_ref(bytes, buffer),
        }
    }

    fn produces(&self) -> Option<MySqlTypeInfo> {
        match self {
            Self::Null => None,
            Self::Int(_) => Some(<i64 as Type<MySql>>::type_info()),
            Self::Text(_) => Some(<str as Type<MySql>>::type_info()),
            Self::Bytes(_) => Some(<[u8] as Type<MySql>>::type_info()),
        }
    }
}

fn decode(statement: &Statement, row: &MySqlRow) -> Result<Row, Error> {
    let columns = row.columns().iter().map(|column| {
        let (at, kind) = (column.ordinal(), column.type_info());
        // Not by the type's name, which calls text of a binary collation binary.
        let value = if <i64 as Type<MySql>>::compatible(kind) {
            row.try_get::<Option<i64>, _>(at).map(Value::from)
        } else if <str as Type<MySql>>::compatible(kind) {
            row.try_get::<Option<String>, _>(at).map(Value::from)
        } else {
            row.try_get::<Option<&[u8]>, _>(at).map(Value::from)
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
        // https://mariadb.com/docs/server/reference/error-codes
        Cause::Database(refusal) => match number(&**refusal) {
            1062 => Error::Duplicate(key(refusal.message())),
            // lock wait time-out, deadlock, a Galera node that lost a certification
            1205 | 1213 | 1020 => Error::Contention,
            // no such database, access denied, too many connections, shutting down, read-only, disk full, not in the cluster
            code @ (1021 | 1040 | 1044 | 1045 | 1047 | 1049 | 1053 | 1114 | 1203 | 1290 | 1698
            | 1836) => Error::unavailable(format!("MySQL refuses ({code}): {refusal}")),
            _ => Error::driver(error),
        },
        Cause::Io(_)
        | Cause::Tls(_)
        | Cause::PoolTimedOut
        | Cause::PoolClosed
        | Cause::WorkerCrashed => Error::unavailable(format!(
            "MySQL does not answer ({error}): check that the server runs and that it can be reached from here"
        )),
        _ => Error::driver(error),
    }
}

fn number(refusal: &dyn DatabaseError) -> u16 {
    refusal
        .try_downcast_ref::<MySqlDatabaseError>()
        .map_or(0, MySqlDatabaseError::number)
}

/// `Duplicate entry 'x' for key 'users_email_folded'`, where MySQL writes `'users.users_email_folded'`.
fn key(message: &str) -> Box<str> {
    let quoted = message
        .trim_end_matches('\'')
        .rsplit('\'')
        .next()
        .unwrap_or_default();
    quoted.rsplit('.').next().unwrap_or_default().into()
}
