//! MySQL and MariaDB by sqlx.

use std::ops::RangeInclusive;
use std::panic::AssertUnwindSafe;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use ntt_auth_core::store::{Connections, EngineOptions, Gate, StoreError};
use sqlx::encode::IsNull;
use sqlx::error::{BoxDynError, DatabaseError};
use sqlx::mysql::{
    MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlPoolOptions,
    MySqlRow, MySqlTypeInfo,
};
use sqlx::pool::PoolConnection;
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Encode, Executor as _, MySql,
    Row as _, Type,
};

use super::call::{Doubts, MayBeOutage, call, end, within};
use super::hosts::{Answer, Hosts, each};
use super::{Conn, Dialect, Engine, Error, Row, Statement, Unit, Value};

/// Connections that are kept, and the most there may be (ENG-3).
const CONNECTIONS: RangeInclusive<u32> = 5..=20;
/// A connection used this recently is not asked whether it still lives, which would double the time of a read.
const FRESH: Duration = Duration::from_secs(1);
/// What every connection begins with: quoted names as in the other engines, values that do not fit refused instead of
/// cut, and reads that see what others committed since. Locks of a client that went away without a word, in the midst of a
/// transaction, are given back soon: MariaDB has a time-out for that, MySQL only one for all that is idle.
const SESSION: [&str; 3] = [
    "SET SESSION sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION innodb_lock_wait_timeout = 5 /*M! , idle_transaction_timeout = 5 */ /*!80000 , wait_timeout = 30 */",
];

/// A MySQL or MariaDB database.
pub(crate) struct Mysql {
    hosts: Hosts<MySql>,
    most: u32,
    doubts: Arc<Doubts>,
    gate: Arc<dyn Gate>,
}

impl Mysql {
    /// Connects to `url` (`mysql://user:password@host,host/database`).
    pub(crate) async fn connect(url: &str, wanted: &EngineOptions) -> Result<Self, Error> {
        let hosts = each(url)
            .iter()
            .map(|url| options(url, wanted))
            .collect::<Result<Vec<_>, _>>()?;
        let connections = wanted.connections.clone().unwrap_or(CONNECTIONS);
        let most = *connections.end();
        let late = Arc::new(Doubts::default());
        let doubts = Arc::clone(&late);
        let shape = MySqlPoolOptions::new()
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
                Box::pin(async move {
                    for statement in SESSION {
                        connection.execute(statement).await?;
                    }
                    // In a Galera cluster, what was acknowledged on any member is read on every one.
                    let clustered: Option<(String, String)> =
                        sqlx::query_as("SHOW VARIABLES LIKE 'wsrep_on'")
                            .fetch_optional(&mut *connection)
                            .await?;
                    if clustered.is_some_and(|(_, value)| value == "ON") {
                        connection
                            .execute("SET SESSION wsrep_sync_wait = 1")
                            .await?;
                    }
                    Ok(())
                })
            });
        let hosts = Hosts::connect(hosts, shape, is_writable)
            .await
            .map_err(classify)?;
        Ok(Self {
            hosts,
            most,
            doubts: late,
            gate: Arc::clone(&wanted.gate),
        })
    }

    async fn connection(&self, patience: Duration) -> Result<PoolConnection<MySql>, Error> {
        let free = async { self.hosts.acquire().await.map_err(classify) };
        within(patience, free).await
    }
}

impl Mysql {
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
impl Engine for Mysql {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
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
        let text = sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(statement.owned_text()));
        let mut connection = self.hosts.acquire().await.map_err(classify)?;
        connection.prepare(text).await.map(drop).map_err(classify)
    }
}

/// Whether a host takes writes: no replica, and, in a Galera cluster, a member of its greater part.
fn is_writable(connection: &mut MySqlConnection) -> Answer<'_> {
    Box::pin(async move {
        let read_only: i64 = sqlx::query_scalar("SELECT @@global.read_only")
            .fetch_one(&mut *connection)
            .await?;
        let ready: Option<(String, String)> = sqlx::query_as("SHOW STATUS LIKE 'wsrep_ready'")
            .fetch_optional(&mut *connection)
            .await?;
        let clustered: Option<(String, String)> = sqlx::query_as("SHOW VARIABLES LIKE 'wsrep_on'")
            .fetch_optional(&mut *connection)
            .await?;
        let is_on = |found: Option<(String, String)>| found.is_some_and(|(_, value)| value == "ON");
        Ok(read_only == 0 && (!is_on(clustered) || is_on(ready)))
    })
}

fn options(url: &str, wanted: &EngineOptions) -> Result<MySqlConnectOptions, Error> {
    let options = MySqlConnectOptions::from_str(url)
        .map_err(classify)?
        .disable_statement_logging();
    Ok(match &wanted.ca_file {
        Some(authorities) => options.ssl_ca(authorities),
        None => options,
    })
}

/// Applies a unit in a transaction. Also says whether the connection was given up because it does not answer.
async fn in_transaction(
    connection: &mut MySqlConnection,
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
    transaction: sqlx::Transaction<'c, MySql>,
    patience: Duration,
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
        let outcome = within(
            self.patience,
            write(&mut self.transaction, statement, values),
        )
        .await;
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
        // The driver has no RSA, by which a password can travel unencrypted connections: the one crate for it leaks by timing.
        Cause::Configuration(why) if why.to_string().contains("RSA") => Error::unavailable(
            "MySQL asks for the password over TLS: take ssl-mode=disabled out of the database's URL, or switch TLS on at the server",
        ),
        Cause::Configuration(why) => Error::unavailable(format!(
            "the database's URL is not one of MySQL ({why}): it reads mysql://user:password@host/database"
        )),
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
