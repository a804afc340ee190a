//! Empty databases of each engine, one for each test, and Redis servers. On servers they are made on the one that a variable names
//! (`scripts/test-servers` starts them).
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test stops at what it does not expect"
)]

mod limited;
mod redis;
mod server;
mod shelf;
mod speak;

use std::any::Any;

pub use redis::{RedisServer, redis};
pub use server::Server;
pub use shelf::Lent;

/// A database that nobody else uses; it is removed with this value.
pub struct Database {
    /// What the store is opened with.
    pub url: String,
    _removed_with_it: Box<dyn Any + Send + Sync>,
}

impl Database {
    /// Runs a statement on the server that it is on.
    pub fn execute(&self, statement: &str) {
        limited::execute(&self.url, statement);
    }

    /// A user who may read and write the rows of all tables that are there, and neither make nor change a table.
    #[must_use]
    pub fn limited_user(&self) -> Self {
        limited::limited_user(&self.url)
    }
}

/// SQLite in memory.
pub fn sqlite_memory() -> Database {
    Database {
        url: "sqlite::memory:".to_owned(),
        _removed_with_it: Box::new(()),
    }
}

/// SQLite in a file.
#[must_use]
pub fn sqlite_file() -> Database {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("x.db").display());
    Database {
        url,
        _removed_with_it: Box::new(folder),
    }
}
