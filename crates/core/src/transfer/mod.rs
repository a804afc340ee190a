//! Accounts on their way in from elsewhere and out to elsewhere (ACC-12): the formats, without a file and without a store.
//!
//! [`Rows`] is fed whatever octets have arrived and cuts them into rows, one at a time, so that a file of any size takes the
//! memory of one row; [`Rows::read`] makes a [`Record`] of a row. [`Export`] writes users in the two formats of our own.
//! What becomes of a record is decided by [`ImportUsers`](crate::flow::ImportUsers).

mod auth0;
mod copy;
mod csv;
mod django;
mod export;
mod firebase;
mod json;
mod keycloak;
mod moment;
mod own;
mod record;
mod rows;
mod supabase;
#[cfg(test)]
mod tests;

pub use csv::write_cell;
pub use export::{Export, ExportFormat};
pub use firebase::{FirebaseConfig, FirebaseConfigError};
pub use record::{Record, RecordPassword, RecordSuspension};
pub use rows::{Format, Hints, Reading, Row, Rows, Unreadable};
