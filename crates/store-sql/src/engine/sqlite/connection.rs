//! One SQLite connection: rows, values and errors.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection as Handle, ErrorCode, OpenFlags, ToSql, ffi};

use crate::engine::{Conn, Error, Row, Statement, Value};

/// How long to wait for another process (a command line beside the server) that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long others may be kept from writing while the log is emptied.
const SCRUB_PATIENCE: Duration = Duration::from_millis(100);
/// More than there are statements.
const CACHED_STATEMENTS: usize = 256;

/// A connection. As a [`Conn`] it is one transaction of a group, inside its own savepoint.
#[derive(Debug)]
pub(super) struct Connection {
    handle: Handle,
    failed: Option<Error>,
}

impl Connection {
    /// The one that writes; makes the file if there is none.
    pub(super) fn writer(path: &Path) -> Result<Self, Error> {
        Self::open(Handle::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX))
            .and_then(|connection| {
                // SQLite opens a file that it may not write all the same, and fails at the first write.
                if connection.handle.is_readonly("main").map_err(classify)? {
                    return Err(read_only());
                }
                connection.script(
                    // A commit is answered only after it is on the disk (NUM-7).
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
                     PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -65536;",
                )?;
                Ok(connection)
            })
            .map_err(|error| at(path, &error))
    }

    /// One of those that read.
    pub(super) fn reader(path: &Path) -> Result<Self, Error> {
        Self::open(Handle::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        ))
        .and_then(|connection| {
            connection.script("PRAGMA query_only = ON; PRAGMA cache_size = -4096;")?;
            Ok(connection)
        })
        .map_err(|error| at(path, &error))
    }

    /// A database that lives as long as this connection.
    pub(super) fn memory() -> Result<Self, Error> {
        Self::open(Handle::open_in_memory())
    }

    fn open(handle: rusqlite::Result<Handle>) -> Result<Self, Error> {
        let handle = handle.map_err(classify)?;
        handle.busy_timeout(BUSY_TIMEOUT).map_err(classify)?;
        handle.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
        let connection = Self {
            handle,
            failed: None,
        };
        connection.script(
            // What is deleted is overwritten, on pages that become free, too: erased is erased.
            "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;",
        )?;
        Ok(connection)
    }

    /// Runs statements without values or rows.
    pub(super) fn script(&self, text: &str) -> Result<(), Error> {
        self.handle.execute_batch(text).map_err(classify)
    }

    /// Runs one fixed statement that the connection keeps prepared.
    pub(super) fn command(&self, text: &'static str) -> Result<(), Error> {
        self.handle
            .prepare_cached(text)
            .and_then(|mut prepared| prepared.raw_execute())
            .map(drop)
            .map_err(classify)
    }

    /// Writes the log back into the file and empties it, so that it holds no older state of any page. `false` if somebody
    /// still reads an older state; nobody is kept waiting for them.
    pub(super) fn truncate_log(&self) -> Result<bool, Error> {
        self.handle.busy_timeout(SCRUB_PATIENCE).map_err(classify)?;
        self.handle
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
                row.get::<_, i64>(0)
            })
            .map(|busy| busy == 0)
            .map_err(classify)
    }

    /// Whether no transaction is open, as after SQLite itself rolled one back.
    pub(super) fn is_autocommit(&self) -> bool {
        self.handle.is_autocommit()
    }

    /// The error that a transaction met and may have swallowed; forgets it.
    pub(super) fn take_failure(&mut self) -> Option<Error> {
        self.failed.take()
    }

    pub(super) fn rows(&self, statement: &Statement, values: &[Value]) -> Result<Vec<Row>, Error> {
        let read = || -> rusqlite::Result<Vec<Row>> {
            let mut prepared = self.handle.prepare_cached(statement.text())?;
            bind(&mut prepared, values)?;
            let width = prepared.column_count();
            let mut found = Vec::new();
            let mut rows = prepared.raw_query();
            while let Some(row) = rows.next()? {
                let columns = (0..width)
                    .map(|at| row.get_ref(at).map(owned))
                    .collect::<rusqlite::Result<_>>()?;
                found.push(Row::new(statement.name(), columns));
            }
            Ok(found)
        };
        read().map_err(classify)
    }

    fn write(&self, statement: &Statement, values: &[Value]) -> Result<u64, Error> {
        let write = || -> rusqlite::Result<usize> {
            let mut prepared = self.handle.prepare_cached(statement.text())?;
            bind(&mut prepared, values)?;
            prepared.raw_execute()
        };
        write().map(|count| count as u64).map_err(classify)
    }

    #[cfg(test)]
    pub(super) fn prepare(&self, statement: &Statement) -> Result<(), Error> {
        self.handle
            .prepare(statement.text())
            .map(drop)
            .map_err(classify)
    }

    /// Runs one statement of a transaction, unless an earlier one broke it.
    fn step<T>(
        &mut self,
        statement: &Statement,
        run: impl FnOnce(&Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        run(self).inspect_err(|error| {
            if !error.is_survived_by(statement) {
                self.failed = Some(error.clone());
            }
        })
    }
}

#[async_trait]
impl Conn for Connection {
    async fn query(&mut self, statement: &Statement, values: &[Value]) -> Result<Vec<Row>, Error> {
        self.step(statement, |connection| connection.rows(statement, values))
    }

    async fn execute(&mut self, statement: &Statement, values: &[Value]) -> Result<u64, Error> {
        self.step(statement, |connection| connection.write(statement, values))
    }
}

fn bind(prepared: &mut rusqlite::Statement<'_>, values: &[Value]) -> rusqlite::Result<()> {
    let wanted = prepared.parameter_count();
    if wanted != values.len() {
        return Err(rusqlite::Error::InvalidParameterCount(values.len(), wanted));
    }
    (1..)
        .zip(values)
        .try_for_each(|(at, value)| prepared.raw_bind_parameter(at, value))
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(int) => ValueRef::Integer(*int),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(int) => Value::Int(int),
        // Text that is not UTF-8 was not written by us; as bytes it fails where text is expected.
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Bytes(text.to_vec()),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        // No column of ours holds a real number.
        ValueRef::Null | ValueRef::Real(_) => Value::Null,
    }
}

pub(super) fn classify(error: rusqlite::Error) -> Error {
    let rusqlite::Error::SqliteFailure(failure, message) = &error else {
        return Error::driver(error);
    };
    match failure.code {
        ErrorCode::ConstraintViolation if is_unique(failure.extended_code) => {
            Error::Duplicate(key(message.as_deref().unwrap_or_default()))
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::Contention,
        ErrorCode::DiskFull => {
            Error::unavailable("the disk that holds the SQLite database is full: free some space")
        }
        ErrorCode::ReadOnly => read_only(),
        ErrorCode::CannotOpen => Error::unavailable(
            "the SQLite database cannot be opened: check that its directory exists and that the user of this process \
             may read and write there",
        ),
        ErrorCode::NotADatabase => Error::unavailable(
            "the file is not a SQLite database: check the path, or restore the file from a backup",
        ),
        ErrorCode::DatabaseCorrupt => Error::unavailable(
            "the SQLite database is damaged: restore it from a backup, or save what is left with `sqlite3 FILE .recover`",
        ),
        ErrorCode::SystemIoFailure => Error::unavailable(format!(
            "the SQLite database cannot be read or written (input/output error {}): check the disk and the system log",
            failure.extended_code
        )),
        _ => Error::driver(error),
    }
}

fn read_only() -> Error {
    Error::unavailable(
        "the SQLite database is read-only: give the user of this process the right to write the file, the files \
         beside it and their directory, and check that the file system is mounted for writing",
    )
}

fn is_unique(extended_code: i32) -> bool {
    matches!(
        extended_code,
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
    )
}

/// `UNIQUE constraint failed: users.email_folded` → `users_email_folded`
fn key(message: &str) -> Box<str> {
    message
        .rsplit(' ')
        .next()
        .unwrap_or_default()
        .replace('.', "_")
        .into()
}

fn at(path: &Path, error: &Error) -> Error {
    Error::unavailable(format!("{}: {error}", path.display()))
}
