//! Why the server does not start, each with its cure.

use std::io;
use std::path::PathBuf;

use ntt_auth_core::flow::{Fault, RootError};
use ntt_auth_core::model::Timestamp;
use ntt_auth_core::store::StoreError;

use crate::breach::FilterError;
use crate::listen::ListenError;
use crate::telemetry::LogError;

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made.
    #[error("the data folder {} cannot be made: {cause}; give this user write access there, or set data_dir", folder.display())]
    DataFolder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The master key cannot be kept.
    #[error("the master key cannot be kept in {}: {cause}; give this user write access to its folder, make room on the disk, or set keys.master_key_file", path.display())]
    MasterKeyWrite {
        /// Where it would be.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The master key is there and cannot be read.
    #[error("the master key {} cannot be read: {cause}; make it readable for this user", path.display())]
    MasterKeyRead {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The master key is not one.
    #[error("{} does not hold a master key, 32 bytes in base64; restore it from a backup", .0.display())]
    MasterKeyBroken(PathBuf),
    /// The database belongs to another master key.
    #[error(
        "the database was made under another master key: start with that one; while it is being replaced, name the one before in keys.previous_master_key_file"
    )]
    OtherMasterKey,
    /// Others may read the master key.
    #[error("the master key {0} may be read by others; run: chmod 600 {0}", path.display())]
    MasterKeyOpen {
        /// Where it is.
        path: PathBuf,
    },
    /// The database's path is not UTF-8.
    #[error("the path of the database, {}, is not UTF-8; choose another in database.url", .0.display())]
    PathEncoding(PathBuf),
    /// Time was moved here, which production must not build on.
    #[error("{} says that the clock of this data folder was moved forward in tests, so what is stored here lies in the future; production refuses it: use another data_dir", .0.display())]
    TimeTravelled(PathBuf),
    /// A copy into the database was begun and did not come to its end.
    #[error(
        "the database is a copy that is not complete, begun at {0}: run the same `ntt-auth copy` again, which goes on where it stopped, or start with the database it is made from"
    )]
    UnfinishedCopy(Timestamp),
    /// The filter of stolen passwords cannot be used.
    #[error("password.breach_filter: {0}")]
    BreachFilter(#[from] FilterError),
    /// How far the clock is ahead cannot be read.
    #[error("the virtual clock {} cannot be read: {cause}; remove it to go on with the system's time", file.display())]
    VirtualClock {
        /// Where it is.
        file: PathBuf,
        /// What is wrong.
        cause: io::Error,
    },
    /// The store.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Keys, or the first questions to the store.
    #[error("{0}")]
    Fault(#[from] Fault),
    /// The address.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Mail cannot be prepared.
    #[error("mail cannot be prepared: {0}")]
    Mail(String),
    /// Redis cannot be spoken to in the way that is configured.
    #[error("{0}")]
    Redis(String),
    /// A collector of traces cannot be spoken to in the way that is configured.
    #[error("traces cannot be sent: {0}; correct what stands under [tracing]")]
    Traces(String),
    /// Threads.
    #[error("the threads of the server cannot be started: {0}; raise the limit of processes")]
    Threads(#[source] io::Error),
    /// The signals that end the server.
    #[error("the signals that end the server cannot be received: {0}")]
    Signals(#[source] io::Error),
}

impl From<RootError> for StartError {
    fn from(error: RootError) -> Self {
        match error {
            RootError::OtherKey => Self::OtherMasterKey,
            RootError::Fault(fault) => Self::Fault(fault),
        }
    }
}
