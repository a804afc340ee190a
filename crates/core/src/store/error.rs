//! What can go wrong in a store. No driver's type leaks.

use std::fmt;

/// A value that must be unique and is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unique {
    /// `users.email`, folded.
    Email,
    /// `users.username`, folded.
    Username,
    /// A primary key: an id was used twice, which is a defect.
    Id,
}

/// Why a store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique value is there already.
    #[error("{0:?} is taken")]
    Taken(Unique),
    /// Others changed the same rows for longer than the store retries.
    #[error("the store is contended; the transaction was given up after its retries")]
    Contention,
    /// The engine does not answer, or cannot write: the text says why and what cures it.
    #[error("the store is unavailable: {0}")]
    Unavailable(Box<str>),
    /// What was read back is not what was written: the place says where.
    #[error("the store holds something unreadable at {0}")]
    Corrupt(Box<str>),
    /// The driver refused, which is a defect of ours or of the engine.
    #[error("the store's driver failed")]
    Driver(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// An [`StoreError::Unavailable`] that says why.
    pub fn unavailable(why: impl fmt::Display) -> Self {
        Self::Unavailable(why.to_string().into())
    }

    /// A [`StoreError::Corrupt`] at `place`, e.g. `users.role`.
    pub fn corrupt(place: impl fmt::Display) -> Self {
        Self::Corrupt(place.to_string().into())
    }

    /// A [`StoreError::Driver`] caused by `error`.
    pub fn driver(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Driver(Box::new(error))
    }
}
