//! Copies of a SQLite database, made while others read and write it, and checked.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection as Handle, OpenFlags};

use super::connection::classify;
use crate::engine::Error;

/// Pages copied at one time, between two looks at the progress: 4 MiB.
const PAGES: i32 = 1024;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What a database file holds, for whoever compares a copy with what was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The steps by which its tables came to their form, each with its checksum.
    pub(crate) taken: Vec<(String, String, bool)>,
    /// How many rows each table has.
    pub rows: BTreeMap<String, u64>,
    /// The root secret as it is sealed, if there is one.
    pub root: Option<Vec<u8>>,
}

impl Contents {
    /// The names of the steps.
    pub fn schema(&self) -> Vec<String> {
        self.taken.iter().map(|(name, ..)| name.clone()).collect()
    }
}

/// Copies the database at `from`, as it stands at one moment, to `to`, which must not exist. `progress` is told how many
/// pages are done, of how many.
pub(crate) fn copy(from: &Path, to: &Path, progress: &dyn Fn(u64, u64)) -> Result<(), Error> {
    private(OpenOptions::new().write(true).create_new(true))
        .open(to)
        .map_err(|error| file(to, "cannot be made", &error))?;
    let copied = copy_into(from, to, progress);
    if copied.is_err() {
        // What is not whole is of no use to anybody.
        let _ = std::fs::remove_file(to);
    }
    copied
}

fn copy_into(from: &Path, to: &Path, progress: &dyn Fn(u64, u64)) -> Result<(), Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Handle::open_with_flags(from, flags).map_err(classify)?;
    source.busy_timeout(BUSY_TIMEOUT).map_err(classify)?;
    // One transaction around all steps: what others write meanwhile neither enters the copy nor makes it begin anew.
    source
        .execute_batch("PRAGMA query_only = ON; BEGIN")
        .and_then(|()| {
            source.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| {
                row.get::<_, i64>(0)
            })
        })
        .map_err(classify)?;
    let mut target = Handle::open_with_flags(to, flags).map_err(classify)?;
    {
        let backup = Backup::new(&source, &mut target).map_err(classify)?;
        loop {
            let step = backup.step(PAGES).map_err(classify)?;
            let told = backup.progress();
            let pages = |count: i32| u64::try_from(count).unwrap_or(0);
            progress(
                pages(told.pagecount.saturating_sub(told.remaining)),
                pages(told.pagecount),
            );
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                _ => return Err(Error::Contention),
            }
        }
    }
    source.execute_batch("ROLLBACK").map_err(classify)?;
    // A file of its own, without a log beside it.
    target
        .query_row("PRAGMA journal_mode = DELETE", [], |row| {
            row.get::<_, String>(0)
        })
        .map_err(classify)?;
    target
        .close()
        .map_err(|(_, error)| classify(error))
        .and_then(|()| {
            File::open(to)
                .and_then(|copy| copy.sync_all())
                .map_err(|error| file(to, "cannot be written", &error))
        })
}

/// Reads a database file that nobody writes, and checks it from end to end.
pub(crate) fn inspect(path: &Path) -> Result<Contents, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Handle::open_with_flags(path, flags).map_err(classify)?;
    let verdict: String = database
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(classify)?;
    if verdict != "ok" {
        return Err(Error::unavailable(format!(
            "{} is damaged: {verdict}",
            path.display()
        )));
    }
    let read = || -> rusqlite::Result<Contents> {
        let mut taken =
            database.prepare("SELECT name, checksum, finished FROM migrations ORDER BY name")?;
        let taken = taken
            .query_map([], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)? == 1))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let mut tables = database.prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        )?;
        let tables = tables
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<String>>>()?;
        let mut rows = BTreeMap::new();
        for table in tables {
            let quoted = table.replace('"', "\"\"");
            let count: i64 =
                database.query_row(&format!("SELECT COUNT(*) FROM \"{quoted}\""), [], |row| {
                    row.get(0)
                })?;
            rows.insert(table, count.unsigned_abs());
        }
        let root = match rows.contains_key("root_secret") {
            true => {
                database.query_row("SELECT sealed FROM root_secret WHERE id = 1", [], |row| {
                    row.get(0)
                })?
            }
            false => None,
        };
        Ok(Contents { taken, rows, root })
    };
    read().map_err(classify)
}

/// Writes back what stands in the log of a database that nobody uses, so that the one file holds everything. A damaged
/// one is left as it is.
pub(crate) fn settle(path: &Path) {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if let Ok(database) = Handle::open_with_flags(path, flags) {
        let _ = database.query_row("PRAGMA journal_mode = DELETE", [], |row| {
            row.get::<_, String>(0)
        });
    }
}

/// A claim on a database file: shared by all who use it, or held by one who puts another in its place. It ends with the
/// process that holds it, however that ends.
#[derive(Debug)]
pub struct Claim {
    _file: Option<File>,
}

impl Claim {
    /// That of whoever uses the database. Where nothing can be written, SQLite says so better.
    pub(crate) fn shared(database: &Path) -> Result<Self, Error> {
        let claim = Self::with(database, File::try_lock_shared);
        claim.unwrap_or(Some(Self { _file: None })).ok_or_else(|| {
            Error::unavailable(format!(
                "{} is being restored: wait until that is done",
                database.display()
            ))
        })
    }

    /// That of whoever replaces it.
    pub(crate) fn sole(database: &Path) -> Result<Self, Error> {
        Self::with(database, File::try_lock).and_then(|claim| {
            claim.ok_or_else(|| {
                Error::unavailable(format!(
                    "{} is in use: stop the server, and every command, that uses it",
                    database.display()
                ))
            })
        })
    }

    fn with(
        database: &Path,
        lock: impl FnOnce(&File) -> Result<(), TryLockError>,
    ) -> Result<Option<Self>, Error> {
        let path = PathBuf::from(format!("{}.lock", database.display()));
        let claimed = private(OpenOptions::new().write(true).create(true).truncate(false))
            .open(&path)
            .map_err(|error| file(&path, "cannot be made", &error))?;
        match lock(&claimed) {
            Ok(()) => Ok(Some(Self {
                _file: Some(claimed),
            })),
            Err(TryLockError::WouldBlock) => Ok(None),
            // A file system without locks: SQLite's own are all there is.
            Err(TryLockError::Error(_)) => Ok(Some(Self { _file: None })),
        }
    }
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn file(path: &Path, what: &str, error: &std::io::Error) -> Error {
    Error::unavailable(format!(
        "{} {what} ({error}): check the disk, and that the user of this process may write there",
        path.display()
    ))
}
