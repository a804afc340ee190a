//! Everything a store remembers, in a form that every engine has: tables of rows of plain values. It is what a copy from one
//! engine to another is made of.
//!
//! What an engine makes of other columns for itself, such as the words that users are found by, is not part of it: whoever
//! writes rows makes that anew.

mod copying;
mod digest;
mod table;

use async_trait::async_trait;

pub use copying::{Copying, Progress};
pub(crate) use digest::Digester;
pub use digest::{TableDigest, digest_of};
pub use table::{Column, Kind, TABLES, Table};

use crate::store::StoreError;

/// What a column holds in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// Nothing.
    Null,
    /// An integer, a time in milliseconds, or a flag: 0 or 1.
    Int(i64),
    /// Text, compared by code point.
    Text(String),
    /// Octets, compared one by one; an id is 16 of them.
    Bytes(Vec<u8>),
}

impl Field {
    /// How many octets it holds, about.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Null => 0,
            Self::Int(_) => 8,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

/// One row: a field for each column of its table, in their order.
pub type Row = Vec<Field>;

/// A store whose rows can be read and written as they are.
#[async_trait]
pub trait Portable: Send + Sync {
    /// The first rows behind a key, in the order of keys, and no more than `limit` of them.
    async fn page(
        &self,
        table: &'static Table,
        after: Option<&Field>,
        limit: u32,
    ) -> Result<Vec<Row>, StoreError>;

    /// How many rows there are.
    async fn count(&self, table: &'static Table) -> Result<u64, StoreError>;

    /// The copy into this store that was begun and is not complete.
    async fn copying(&self) -> Result<Option<Copying>, StoreError>;

    /// Marks this store as one that a copy is made into; `false` if it is marked already.
    async fn begin_copy(&self, copying: &Copying) -> Result<bool, StoreError>;

    /// Lets another run go on with the copy; `false` if there is none.
    async fn take_over_copy(&self, run: [u8; 16]) -> Result<bool, StoreError>;

    /// In one transaction, puts rows in the place of those with the same keys and notes how far `run` has come. `false`, and
    /// nothing is written, if that run does not hold the copy any more. It may be told the same twice.
    async fn write(
        &self,
        table: &'static Table,
        rows: Vec<Row>,
        run: [u8; 16],
        progress: &Progress,
    ) -> Result<bool, StoreError>;

    /// Takes the mark away: the copy is complete. `false` if `run` does not hold it any more.
    async fn finish_copy(&self, run: [u8; 16]) -> Result<bool, StoreError>;
}
