//! How far a copy has come. The target remembers it, with the rows themselves.

use super::Field;
use crate::model::Timestamp;

/// A copy that was begun and is not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copying {
    /// The installation that it is made of.
    pub source: [u8; 32],
    /// What in the source moves with every event, as it was when the copy was begun.
    pub pulse: [u8; 32],
    /// The process that makes it; a later one takes over.
    pub run: [u8; 16],
    /// When it was begun.
    pub begun_at: Timestamp,
    /// How far it has come.
    pub progress: Progress,
}

/// A place in a copy: everything before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The table that is being copied, or was last.
    pub table: String,
    /// The key of the last row of it that was written.
    pub last: Option<Field>,
    /// Rows of it that were written.
    pub rows: u64,
}
