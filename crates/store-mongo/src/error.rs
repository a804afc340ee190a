//! What the driver reports, and what follows from it.

use std::sync::Arc;

use mongodb::error::{
    Error as DriverError, ErrorKind, TRANSIENT_TRANSACTION_ERROR,
    UNKNOWN_TRANSACTION_COMMIT_RESULT, WriteFailure,
};
use ntt_auth_core::store::{StoreError, Unique};

/// Why something failed.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Error {
    /// An index of this name has the value already. The server has given up the transaction.
    #[error("{0} has this value already")]
    Duplicate(Box<str>),
    /// Another transaction wrote the same documents first, and this one is given up.
    #[error("the documents are contended")]
    Contention,
    /// The primary was lost, and with it what the transaction had written. The text says how.
    #[error("{0}")]
    Lost(Box<str>),
    /// The server does not answer or cannot do this; the text names the cure.
    #[error("{0}")]
    Unavailable(Box<str>),
    /// A field does not hold what was written there.
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

    /// A defect of this program.
    pub(crate) fn defect(what: &'static str) -> Self {
        Self::Driver(Arc::new(std::io::Error::other(what)))
    }

    /// Whether the server is away, for whoever asks.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Whether the same work may succeed when it is applied again from the start.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Contention | Self::Lost(_))
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::Duplicate(index) => Self::Taken(match &*index {
                "users_email_folded" => Unique::Email,
                "users_username_folded" => Unique::Username,
                _ => Unique::Id,
            }),
            Error::Contention => Self::Contention,
            Error::Lost(why) | Error::Unavailable(why) => Self::Unavailable(why),
            Error::Corrupt(place) => Self::Corrupt(place),
            Error::Driver(cause) => Self::Driver(Box::new(cause)),
        }
    }
}

/// What the server numbers its errors with.
mod code {
    pub(super) const UNAUTHORIZED: i32 = 13;
    pub(super) const AUTHENTICATION_FAILED: i32 = 18;
    pub(super) const MAX_TIME_EXPIRED: i32 = 50;
    pub(super) const WRITE_CONCERN_TIMED_OUT: i32 = 64;
    pub(super) const WRITE_CONFLICT: i32 = 112;
    pub(super) const DUPLICATE_KEY: i32 = 11000;
    /// Not primary, or on the way to or from being it.
    pub(super) const STATE_CHANGES: [i32; 9] =
        [10107, 13435, 10058, 11600, 11602, 13436, 189, 91, 262];
    /// The disk is full, or the server was told not to write.
    pub(super) const OUT_OF_DISK_SPACE: i32 = 14031;
}

impl From<DriverError> for Error {
    fn from(error: DriverError) -> Self {
        let again = error.contains_label(TRANSIENT_TRANSACTION_ERROR);
        match &*error.kind {
            ErrorKind::ServerSelection { message, .. } => Self::unavailable(format!(
                "no primary of the MongoDB replica set can be reached: {message} (start the server, or correct host, \
                 port, `replicaSet` and `tls` in the database URL; a server that stands alone becomes a set by `mongod \
                 --replSet NAME` and, once in mongosh, `rs.initiate()`)"
            )),
            ErrorKind::DnsResolve { message, .. } => Self::unavailable(format!(
                "the host of the database URL cannot be resolved: {message}"
            )),
            ErrorKind::Authentication { message, .. } => refused(message),
            ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } => Self::lost(
                again,
                format!(
                    "the connection to MongoDB is lost: {} (is the server running?)",
                    error.kind
                ),
            ),
            ErrorKind::InvalidTlsConfig { message, .. } => {
                Self::unavailable(format!("TLS to MongoDB cannot be set up: {message}"))
            }
            _ => match (code_of(&error), again) {
                (Some(code::DUPLICATE_KEY), _) => Self::Duplicate(index_of(&error).into()),
                (Some(code), _) if code::STATE_CHANGES.contains(&code) => Self::lost(
                    again,
                    format!("the MongoDB server is not primary just now: {}", error.kind),
                ),
                (Some(code::WRITE_CONFLICT), _) | (_, true) => Self::Contention,
                (Some(code::UNAUTHORIZED), _) => Self::unavailable(format!(
                    "MongoDB does not permit this: {} (name a user in the database URL, and grant them the role readWrite \
                     on its database)",
                    told(&error)
                )),
                (Some(code::AUTHENTICATION_FAILED), _) => refused(&told(&error)),
                (Some(code::MAX_TIME_EXPIRED), _) => {
                    Self::unavailable("MongoDB took too long over an operation")
                }
                (Some(code::WRITE_CONCERN_TIMED_OUT), _) => Self::unavailable(
                    "a majority of the MongoDB replica set does not confirm writes: bring its other members back",
                ),
                (Some(code::OUT_OF_DISK_SPACE), _) => {
                    Self::unavailable("the disk of the MongoDB server is full")
                }
                _ => Self::Driver(Arc::new(std::io::Error::other(told(&error)))),
            },
        }
    }
}

impl Error {
    fn lost(again: bool, why: String) -> Self {
        match again {
            true => Self::Lost(why.into()),
            false => Self::Unavailable(why.into()),
        }
    }
}

fn refused(why: &str) -> Error {
    Error::unavailable(format!(
        "MongoDB refuses the user of the database URL: {why} (correct user, password and `authSource`)"
    ))
}

/// Whether a commit that failed so may have been made all the same: it is asked for again, which changes nothing if it was.
pub(crate) fn is_commit_unknown(error: &DriverError) -> bool {
    error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT)
}

/// What the server says, without the command, which it may repeat with everything that was to be written.
fn told(error: &DriverError) -> String {
    let message = match &*error.kind {
        ErrorKind::Command(error) => error.to_string(),
        ErrorKind::Write(WriteFailure::WriteError(error)) => {
            format!("error {}: {}", error.code, error.message)
        }
        other => other.to_string(),
    };
    let end = message.find(" {").unwrap_or(message.len());
    message.split_at(end).0.to_owned()
}

fn code_of(error: &DriverError) -> Option<i32> {
    match &*error.kind {
        ErrorKind::Command(error) => Some(error.code),
        ErrorKind::Write(WriteFailure::WriteError(error)) => Some(error.code),
        ErrorKind::Write(WriteFailure::WriteConcernError(error)) => Some(error.code),
        ErrorKind::InsertMany(errors) => errors
            .write_errors
            .iter()
            .flatten()
            .map(|error| error.code)
            .next(),
        _ => None,
    }
}

/// The name of the index that a duplicate was found in, as the server's message tells it: `… index: NAME dup key: …`.
fn index_of(error: &DriverError) -> String {
    let message = error.kind.to_string();
    let (_, rest) = message.split_once(" index: ").unwrap_or_default();
    rest.split(' ').next().unwrap_or_default().to_owned()
}
