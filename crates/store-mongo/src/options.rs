//! How a store is opened.

use std::path::PathBuf;
use std::time::Duration;

/// What a database URL need not say. What it does say (`minPoolSize`, `maxPoolSize`, `serverSelectionTimeoutMS`,
/// `connectTimeoutMS`) goes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MongoOptions {
    /// Connections that are kept open to each server, at least.
    pub min_pool: u32,
    /// Connections that are open to each server, at most.
    pub max_pool: u32,
    /// How long a primary is looked for.
    pub server_selection: Duration,
    /// How long a connection may take to be made.
    pub connect: Duration,
    /// How long one operation may take, with the wait for a connection.
    pub operation: Duration,
    /// A file in PEM with the certificate authorities that are trusted, instead of the public ones.
    pub ca_file: Option<PathBuf>,
}

impl Default for MongoOptions {
    fn default() -> Self {
        Self {
            min_pool: 10,
            max_pool: 50,
            server_selection: Duration::from_secs(5),
            connect: Duration::from_secs(5),
            operation: Duration::from_secs(10),
            ca_file: None,
        }
    }
}
