//! What the seam promises, on every engine: with what `scripts/test-servers` starts on real servers.

#[cfg(feature = "mysql")]
mod mysql;
mod promises;
mod sqlite;

use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use futures::future::BoxFuture;
use ntt_auth_core::store::StoreError;
use ntt_auth_test_database as database;

use super::*;
use crate::SqlStore;

/// An engine over a database that is removed with it.
pub(crate) struct Tested {
    store: SqlStore,
    _database: database::Database,
}

impl Deref for Tested {
    type Target = Box<dyn Engine>;

    fn deref(&self) -> &Box<dyn Engine> {
        &self.store.engine
    }
}

/// One engine of each kind there is.
pub(crate) async fn engines() -> Vec<Tested> {
    let databases = [
        Some(database::sqlite_memory()),
        Some(database::sqlite_file()),
        #[cfg(feature = "mysql")]
        database::Server::Mariadb.database(),
        #[cfg(feature = "mysql")]
        database::Server::Mysql8.database(),
        #[cfg(feature = "postgres")]
        database::Server::Postgres.database(),
    ];
    let mut engines = Vec::new();
    for database in databases.into_iter().flatten() {
        engines.push(Tested {
            store: SqlStore::open(&database.url).await.unwrap(),
            _database: database,
        });
    }
    engines
}

/// A unit of one function.
struct Doing<F>(F);

#[async_trait]
impl<F> Unit for Doing<F>
where
    F: for<'c> Fn(&'c mut dyn Conn) -> BoxFuture<'c, Result<(), StoreError>> + Send + Sync,
{
    async fn apply(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        (self.0)(conn).await
    }
}

fn doing<F>(unit: F) -> Arc<dyn Unit>
where
    F: for<'c> Fn(&'c mut dyn Conn) -> BoxFuture<'c, Result<(), StoreError>>
        + Send
        + Sync
        + 'static,
{
    Arc::new(Doing(unit))
}

fn ints<const N: usize>(ints: [i64; N]) -> [Value; N] {
    ints.map(Value::Int)
}

/// Runs statements in one transaction.
type Step = (&'static Statement, &'static [i64]);

async fn write<const N: usize>(engine: &dyn Engine, steps: [Step; N]) -> Result<(), StoreError> {
    let unit = doing(move |conn| {
        Box::pin(async move {
            for (statement, values) in steps {
                let values: Vec<_> = values.iter().map(|int| Value::Int(*int)).collect();
                conn.execute(statement, &values).await?;
            }
            Ok(())
        })
    });
    run(engine, unit).await
}

static TABLE: Statement = Statement::new(
    "t.table",
    "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)",
);
static INSERT: Statement = Statement::new("t.insert", "INSERT INTO t (id, n) VALUES (?, ?)");
static INSERT_SURVIVABLY: Statement =
    Statement::new("t.insert_survivably", "INSERT INTO t (id, n) VALUES (?, ?)").may_collide();
static TAKE: Statement = Statement::new("t.take", "UPDATE t SET n = n + 1 WHERE id = ? AND n = ?");
static ADD: Statement = Statement::new("t.add", "UPDATE t SET n = n + ? WHERE id = ?");
static READ: Statement = Statement::new("t.read", "SELECT n FROM t WHERE id = ?");
static COUNT: Statement = Statement::new("t.count", "SELECT COUNT(*) FROM t");

async fn int(engine: &dyn Engine, statement: &Statement, values: &[Value]) -> i64 {
    engine
        .query(statement, values)
        .await
        .unwrap()
        .pop()
        .unwrap()
        .int()
        .unwrap()
}

fn counted(count: &AtomicU32) -> u32 {
    count.load(Ordering::SeqCst)
}
