//! SQLite by rusqlite: reads inline on connections that are checked out, writes on one thread.

pub(crate) mod backup;
mod connection;
mod writer;

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ntt_auth_core::store::StoreError;

use self::backup::Claim;
use self::connection::Connection;
use self::writer::Writer;
use super::{Dialect, Engine, Error, Row, Statement, Unit, Value};

/// A SQLite database.
#[derive(Debug)]
pub(crate) struct Sqlite {
    // Before `writer`: the last connection to close writes the log back into the file, which only a writer may.
    readers: Readers,
    writer: Writer,
    _claim: Option<Claim>,
}

/// Where reads go.
#[derive(Debug)]
enum Readers {
    /// Connections of their own. A read never waits, so there are at most as many as threads.
    Pool {
        path: PathBuf,
        idle: Mutex<Vec<Connection>>,
    },
    /// The one connection of a database in memory, which the writer holds from BEGIN to COMMIT.
    Shared(Arc<Mutex<Connection>>),
}

impl Sqlite {
    /// Opens the file at `path`, and makes it, readable for its owner alone, if there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let claim = Claim::shared(path)?;
        create(path)?;
        let connection = Arc::new(Mutex::new(Connection::writer(path)?));
        let readers = Readers::Pool {
            path: path.to_owned(),
            idle: Mutex::new(vec![Connection::reader(path)?]),
        };
        Ok(Self {
            writer: Writer::start(connection)?,
            readers,
            _claim: Some(claim),
        })
    }

    /// A database in memory, which ends with this value.
    pub(crate) fn memory() -> Result<Self, Error> {
        let connection = Arc::new(Mutex::new(Connection::memory()?));
        Ok(Self {
            writer: Writer::start(Arc::clone(&connection))?,
            readers: Readers::Shared(connection),
            _claim: None,
        })
    }
}

fn create(path: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        // Whether it can be used is for SQLite to say.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::unavailable(format!(
            "{}: the SQLite database cannot be made ({error}): check that its directory exists and that the user of \
             this process may write there",
            path.display()
        ))),
    }
}

impl Readers {
    fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        match self {
            Self::Pool { path, idle } => {
                let idle = || idle.lock().unwrap_or_else(PoisonError::into_inner);
                let taken = idle().pop();
                let connection = taken.map_or_else(|| Connection::reader(path), Ok)?;
                let outcome = read(&connection);
                idle().push(connection);
                outcome
            }
            Self::Shared(connection) => {
                read(&connection.lock().unwrap_or_else(PoisonError::into_inner))
            }
        }
    }
}

#[async_trait]
impl Engine for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn query(&self, statement: &Statement, values: &[Value]) -> Result<Vec<Row>, Error> {
        self.readers
            .with(|connection| connection.rows(statement, values))
    }

    async fn attempt(&self, unit: Arc<dyn Unit>) -> Result<(), StoreError> {
        self.writer.submit(unit).await
    }

    fn file(&self) -> Option<&Path> {
        match &self.readers {
            Readers::Pool { path, .. } => Some(path),
            Readers::Shared(_) => None,
        }
    }

    async fn scrub(&self) -> Result<bool, Error> {
        match &self.readers {
            Readers::Pool { path, .. } => Connection::writer(path)?.truncate_log(),
            Readers::Shared(_) => Ok(true),
        }
    }

    #[cfg(test)]
    async fn prepare(&self, statement: &Statement) -> Result<(), Error> {
        self.readers
            .with(|connection| connection.prepare(statement))
    }
}
