//! A real SQLite database whose n-th write fails.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use ntt_auth_core::store::{ErasedWork, Read, Store, StoreError};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// Where a transaction fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// The write itself does.
    Write,
    /// The write is good, and the commit of its transaction is not.
    Commit,
}

/// A second connection to the database, by which it is told when to fail and what stands in it is read.
pub(super) struct Disk {
    connection: Connection,
    tables: Vec<String>,
}

/// Every table with its rows.
pub(super) type Dump = BTreeMap<String, Vec<String>>;

/// Counts rows that are written, and fails at the one that is due: by itself, or by owing a row that never comes, which a commit
/// finds out.
const FAULTS: &str = "
    CREATE TABLE fault (due INTEGER NOT NULL, at_commit INTEGER NOT NULL);
    INSERT INTO fault VALUES (0, 0);
    CREATE TABLE fault_never (id INTEGER PRIMARY KEY);
    CREATE TABLE fault_owed (id INTEGER REFERENCES fault_never (id) DEFERRABLE INITIALLY DEFERRED);
";

impl Disk {
    /// Prepares the database at `path`, which has its tables.
    pub(super) fn prepare(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap();
        connection
            .execute_batch("PRAGMA synchronous = OFF")
            .unwrap();
        let tables: Vec<String> = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        connection.execute_batch(FAULTS).unwrap();
        for table in &tables {
            for write in ["INSERT", "UPDATE", "DELETE"] {
                let trigger = format!(
                    "CREATE TRIGGER fault_{table}_{write} AFTER {write} ON {table} WHEN (SELECT due FROM fault) > 0 BEGIN
                       SELECT RAISE(ABORT, 'a fault') FROM fault WHERE due = 1 AND NOT at_commit;
                       INSERT INTO fault_owed SELECT 1 FROM fault WHERE due = 1 AND at_commit;
                       UPDATE fault SET due = due - 1;
                     END"
                );
                connection.execute_batch(&trigger).unwrap();
            }
        }
        Self { connection, tables }
    }

    /// From now on the n-th row that is written fails, and what it was written with is undone.
    pub(super) fn fail(&self, n: u32, at: At) {
        self.connection
            .execute(
                "UPDATE fault SET due = ?, at_commit = ?",
                (n, at == At::Commit),
            )
            .unwrap();
    }

    /// From now on nothing fails.
    pub(super) fn mend(&self) {
        self.fail(0, At::Write);
    }

    /// Changes something behind the server's back.
    pub(super) fn run(&self, sql: &str) {
        self.connection.execute_batch(sql).unwrap();
    }

    pub(super) fn dump(&self) -> Dump {
        let rows = |table: &String| {
            let query = format!("SELECT * FROM {table}");
            let mut statement = self.connection.prepare(&query).unwrap();
            let width = statement.column_count();
            let rows = statement.query_map([], |row| {
                let cells = (0..width).map(|at| row.get_ref(at).map(shown));
                cells.collect::<Result<Vec<_>, _>>()
            });
            rows.unwrap().map(|row| row.unwrap().join("|")).collect()
        };
        let tables = self.tables.iter();
        tables.map(|table| (table.clone(), rows(table))).collect()
    }
}

fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(int) => int.to_string(),
        ValueRef::Real(real) => real.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => format!("{bytes:02x?}"),
    }
}

/// The store over that database, which remembers whether a transaction failed by such a fault.
pub(super) struct Noticing {
    pub(super) store: Arc<dyn Store>,
    failed: AtomicBool,
}

impl Noticing {
    pub(super) fn over(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            store,
            failed: AtomicBool::new(false),
        })
    }

    /// Whether one failed since this was last asked.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.swap(false, Ordering::SeqCst)
    }
}

#[async_trait]
impl Store for Noticing {
    fn read(&self) -> Box<dyn Read + '_> {
        self.store.read()
    }

    async fn run(&self, work: Box<dyn ErasedWork>) -> Result<(), StoreError> {
        let outcome = self.store.run(work).await;
        if matches!(outcome, Err(StoreError::Driver(_))) {
            self.failed.store(true, Ordering::SeqCst);
        }
        outcome
    }

    async fn scrub(&self) -> Result<bool, StoreError> {
        self.store.scrub().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }
}
