//! What an adapter reports.

use std::sync::Arc;
use std::time::Duration;

use ntt_auth_core::store::{StoreError, Unique};

use super::Statement;

/// Why a statement or a commit failed. It can be cloned, because one failed commit is the failure of a whole group.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Error {
    /// A unique key, named `table_column`, has the value already.
    #[error("{0} has this value already")]
    Duplicate(Box<str>),
    /// The engine asks to try again: deadlock, serialization failure, lock time-out, busy.
    #[error("the engine is contended")]
    Contention,
    /// The engine does not answer or cannot write; the text names the cure.
    #[error("{0}")]
    Unavailable(Box<str>),
    /// The engine took longer than it may. Its connection is of no use any more: the answer might still come.
    #[error("the database did not answer within {} s: see whether its server is overloaded or cannot be reached", .0.as_secs_f64())]
    Late(Duration),
    /// A column does not hold what was written there.
    #[error("unreadable value at {0}")]
    Corrupt(Box<str>),
    /// Anything else the driver says.
    #[error(transparent)]
    Driver(Arc<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub(crate) fn unavailable(why: impl Into<Box<str>>) -> Self {
        Self::Unavailable(why.into())
    }

    pub(crate) fn driver(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Driver(Arc::new(error))
    }

    /// Whether `statement`'s transaction can go on after this.
    pub(crate) fn is_survived_by(&self, statement: &Statement) -> bool {
        matches!(self, Self::Duplicate(_)) && statement.is_collidable()
    }

    /// For a unit of work that panicked: its transaction is rolled back and the caller is told.
    pub(crate) fn panicked() -> Self {
        Self::driver(std::io::Error::other(
            "a unit of work panicked; its transaction was rolled back",
        ))
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::Duplicate(key) => Self::Taken(match &*key {
                "users_email_folded" => Unique::Email,
                "users_username_folded" => Unique::Username,
                _ => Unique::Id,
            }),
            Error::Contention => Self::Contention,
            Error::Unavailable(why) => Self::Unavailable(why),
            late @ Error::Late(_) => Self::unavailable(late),
            Error::Corrupt(place) => Self::Corrupt(place),
            Error::Driver(cause) => Self::Driver(Box::new(cause)),
        }
    }
}
