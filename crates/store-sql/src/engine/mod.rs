//! The seam: statement and values in, rows out. What differs between engines is below this line.

#[cfg(any(feature = "mysql", feature = "postgres"))]
mod call;
mod error;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod hosts;
#[cfg(feature = "mysql")]
pub(crate) mod mysql;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
mod retry;
pub(crate) mod sqlite;
mod statement;
#[cfg(test)]
pub(crate) mod tests;
mod value;

use std::sync::Arc;

use async_trait::async_trait;
use ntt_auth_core::store::{Changes, Connections, StoreError};

pub(crate) use error::Error;
pub(crate) use retry::run;
pub(crate) use statement::Statement;
pub(crate) use value::{Row, Value};

/// The kinds of SQL spoken: they name the folders of the migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    #[cfg(feature = "mysql")]
    MySql,
    #[cfg(feature = "postgres")]
    Postgres,
}

/// An open transaction. After any error but the [`Error::Duplicate`] of a statement that may collide it refuses
/// everything and cannot be committed, because engines disagree on what is left of a transaction then.
#[async_trait]
pub(crate) trait Conn: Send {
    /// Runs a statement that gives rows.
    async fn query(&mut self, statement: &Statement, values: &[Value]) -> Result<Vec<Row>, Error>;

    /// Runs a statement that gives none, and says how many rows it matched.
    async fn execute(&mut self, statement: &Statement, values: &[Value]) -> Result<u64, Error>;

    /// Has whoever listens told once the transaction is committed, on an engine that can do that.
    async fn tell(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

/// What is done in one transaction. It may be applied again after a rollback.
#[async_trait]
pub(crate) trait Unit: Send + Sync {
    /// Reads and writes through `conn`. An error rolls back.
    async fn apply(&self, conn: &mut dyn Conn) -> Result<(), StoreError>;

    /// Whether it may take as long as it takes: what is done once to a whole table.
    fn is_long(&self) -> bool {
        false
    }
}

/// A database.
#[async_trait]
pub(crate) trait Engine: Send + Sync {
    /// The SQL it speaks.
    fn dialect(&self) -> Dialect;

    /// Runs a statement that gives rows, outside any transaction.
    async fn query(&self, statement: &Statement, values: &[Value]) -> Result<Vec<Row>, Error>;

    /// Applies `unit` once in one transaction, and returns after the commit is durable. Use [`run`], which tries again
    /// when the engine asks for it.
    async fn attempt(&self, unit: Arc<dyn Unit>) -> Result<(), StoreError>;

    /// Listens to what [`Conn::tell`] tells, on an engine that can do that.
    async fn changes(&self) -> Result<Option<Box<dyn Changes>>, Error> {
        Ok(None)
    }

    /// The connections to it, if it is elsewhere.
    fn connections(&self) -> Option<Connections> {
        None
    }

    /// The file it is in, if it is one.
    fn file(&self) -> Option<&std::path::Path> {
        None
    }

    /// Overwrites what was deleted in its journals, too; `false` if somebody was reading them just now.
    async fn scrub(&self) -> Result<bool, Error> {
        // Servers do that by themselves, each in its own time.
        Ok(true)
    }

    /// Lets the engine check a statement against its tables without running it.
    #[cfg(test)]
    async fn prepare(&self, statement: &Statement) -> Result<(), Error>;
}
