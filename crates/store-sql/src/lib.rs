//! Remembering in SQL: SQLite, MySQL/MariaDB and PostgreSQL behind one seam.
//!
//! Every statement is authored once, with `?` placeholders, beside the function in `repo/` that runs it. Below `repo/`
//! stands a small seam, *statement and values in, rows out*, with an adapter for each engine. Why, and what was
//! measured, is told in `docs/adr/0001-store-seam.md`.

mod backup;
mod engine;
mod examine;
mod migrate;
mod portable;
mod repo;
mod store;
mod view;

pub use backup::{claim, inspect};
pub use engine::sqlite::backup::{Claim, Contents};
pub use store::SqlStore;
