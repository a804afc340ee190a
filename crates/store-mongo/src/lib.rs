//! Remembering in documents: MongoDB.
//!
//! A noun of the rules is a file of `repo/` and a collection. Writes run in a multi-document transaction, reads see what a
//! majority of the replica set has. Why, how works that are in each other's way are run, and what was measured, is told in
//! `docs/adr/0006-documents.md`.

mod changes;
mod error;
mod examine;
mod managed;
mod migrate;
mod options;
mod pool;
mod portable;
mod repo;
mod retry;
mod server;
mod stalled;
mod store;
#[cfg(test)]
mod tests;
mod transaction;
mod value;
mod view;

pub use options::MongoOptions;
pub use pool::PoolFigures;
pub use store::MongoStore;
