//! An import of users, as it stands in the store: what is needed to go on after the process was killed (ACC-12).

use std::fmt;

use crate::model::Timestamp;

/// SHA-256 of the whole file: that an import goes on with the same file is known by it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImportDigest([u8; 32]);

impl ImportDigest {
    /// Takes the digest that was computed or stored.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ImportDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .take(8)
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What became of the rows that were read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// Rows that were read, of whatever kind.
    pub rows: u64,
    /// Accounts that were made.
    pub added: u64,
    /// Accounts that were there and were changed.
    pub updated: u64,
    /// Accounts that were there and were left as they are.
    pub skipped: u64,
    /// Rows that are no accounts.
    pub ignored: u64,
    /// Rows that were not acceptable.
    pub rejected: u64,
}

/// An import of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Of the file.
    pub digest: ImportDigest,
    /// The format it was read in.
    pub format: String,
    /// How many octets of the file are dealt with.
    pub offset: u64,
    /// What became of its rows.
    pub counts: ImportCounts,
    /// When it began.
    pub started_at: Timestamp,
    /// When it last went on.
    pub updated_at: Timestamp,
    /// When its last row was dealt with.
    pub finished_at: Option<Timestamp>,
}
