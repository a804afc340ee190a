//! The steps by which a database's tables come to their present form: forward only, each taken once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use ntt_auth_core::store::{StoreError, can_live_with};
use sha2::Digest as _;

use crate::engine::{self, Conn, Dialect, Engine, Error, Statement, Unit, Value};
use crate::view::{UNWATCHED, View};

/// A file of `migrations/`: the same names in each engine's folder.
struct Step {
    name: &'static str,
    text: &'static str,
}

macro_rules! steps {
    ($folder:literal) => {
        steps!($folder:
            "0001_house",
            "0002_jobs",
            "0003_codes",
            "0004_audit",
            "0005_throttles",
            "0006_user_search",
            "0007_privacy",
            "0008_imports",
            "0009_verify_by",
            "0010_search_order",
            "0011_root_secret",
            "0012_copying",
        )
    };
    ($folder:literal: $($name:literal,)*) => {
        &[$(Step { name: $name, text: include_str!(concat!("../migrations/", $folder, "/", $name, ".sql")) },)*]
    };
}

const SQLITE: &[Step] = steps!("sqlite");
#[cfg(feature = "mysql")]
const MYSQL: &[Step] = steps!("mysql");
#[cfg(feature = "postgres")]
const POSTGRES: &[Step] = steps!("postgres");

impl Dialect {
    const fn steps(self) -> &'static [Step] {
        match self {
            Self::Sqlite => SQLITE,
            #[cfg(feature = "mysql")]
            Self::MySql => MYSQL,
            #[cfg(feature = "postgres")]
            Self::Postgres => POSTGRES,
        }
    }

    /// How many tables of steps there are: each engine has its own catalogue.
    const fn is_there(self) -> &'static Statement {
        match self {
            Self::Sqlite => &SQLITE_IS_THERE,
            #[cfg(feature = "mysql")]
            Self::MySql => &MYSQL_IS_THERE,
            #[cfg(feature = "postgres")]
            Self::Postgres => &POSTGRES_IS_THERE,
        }
    }

    /// Statements around everything else, so that of several processes one takes the steps. SQLite's writing
    /// transaction is such a lock by itself.
    const fn lock(self) -> Option<(&'static Statement, Option<&'static Statement>)> {
        match self {
            Self::Sqlite => None,
            #[cfg(feature = "mysql")]
            Self::MySql => Some((&MYSQL_LOCK, Some(&MYSQL_UNLOCK))),
            #[cfg(feature = "postgres")]
            Self::Postgres => Some((&POSTGRES_LOCK, None)),
        }
    }
}

#[cfg(feature = "mysql")]
static MYSQL_LOCK: Statement = Statement::new(
    "migrate.lock",
    "SELECT GET_LOCK(CONCAT('ntt-auth migrate ', DATABASE()), 60)",
);
#[cfg(feature = "mysql")]
static MYSQL_UNLOCK: Statement = Statement::new(
    "migrate.unlock",
    "SELECT RELEASE_LOCK(CONCAT('ntt-auth migrate ', DATABASE()))",
);
#[cfg(feature = "postgres")]
static POSTGRES_LOCK: Statement = Statement::new(
    "migrate.lock",
    "SELECT CASE WHEN pg_advisory_xact_lock(7237970) IS NULL THEN 1 ELSE 1 END",
);

static SQLITE_IS_THERE: Statement = Statement::new(
    "migrate.is_there",
    "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'",
);
#[cfg(feature = "mysql")]
static MYSQL_IS_THERE: Statement = Statement::new(
    "migrate.is_there",
    "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'migrations'",
);
#[cfg(feature = "postgres")]
static POSTGRES_IS_THERE: Statement = Statement::new(
    "migrate.is_there",
    "SELECT COUNT(*) FROM pg_catalog.pg_class WHERE relname = 'migrations' AND relkind = 'r' \
     AND relnamespace = to_regnamespace(quote_ident(current_schema()))",
);

static TABLE: Statement = Statement::new(
    "migrate.table",
    "CREATE TABLE IF NOT EXISTS migrations (name VARCHAR(100) NOT NULL PRIMARY KEY, checksum VARCHAR(64) NOT NULL, \
     finished BIGINT NOT NULL)",
);
static TAKEN: Statement = Statement::new(
    "migrate.taken",
    "SELECT name, checksum, finished FROM migrations ORDER BY name",
);
static BEGIN: Statement = Statement::new(
    "migrate.begin",
    "INSERT INTO migrations (name, checksum, finished) VALUES (?, ?, 0)",
);
static FINISH: Statement = Statement::new(
    "migrate.finish",
    "UPDATE migrations SET finished = 1 WHERE name = ?",
);

/// Takes the steps that were not taken yet, and says how many.
pub(crate) async fn run(engine: &dyn Engine) -> Result<u32, StoreError> {
    let migration = Arc::new(Migration {
        dialect: engine.dialect(),
        taken: AtomicU32::new(0),
    });
    engine::run(engine, Arc::clone(&migration) as Arc<dyn Unit>).await?;
    Ok(migration.taken.load(Ordering::Relaxed))
}

/// Whether there is no word of any step.
pub(crate) async fn is_new(engine: &dyn Engine) -> Result<bool, StoreError> {
    let is_there = engine.dialect().is_there();
    let mut view = View::reading(engine, UNWATCHED);
    Ok(view.one(is_there, &[], |mut row| row.int()).await? == 0)
}

/// How many steps were not taken yet.
pub(crate) async fn pending_steps(engine: &dyn Engine) -> Result<u32, StoreError> {
    let count = Arc::new(Count {
        dialect: engine.dialect(),
        pending: AtomicU32::new(0),
    });
    engine::run(engine, Arc::clone(&count) as Arc<dyn Unit>).await?;
    Ok(count.pending.load(Ordering::Relaxed))
}

struct Count {
    dialect: Dialect,
    pending: AtomicU32,
}

#[async_trait]
impl Unit for Count {
    async fn apply(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        let taken = taken(conn).await?;
        let pending = pending(self.dialect.steps(), &taken)?.len();
        let pending = u32::try_from(pending).unwrap_or(u32::MAX);
        self.pending.store(pending, Ordering::Relaxed);
        Ok(())
    }
}

/// Drops every table that the steps make, and takes the steps again. Other tables of the database are left alone.
pub(crate) async fn reset(engine: &dyn Engine) -> Result<(), StoreError> {
    engine::run(engine, Arc::new(Demolition(engine.dialect()))).await?;
    run(engine).await.map(drop)
}

struct Demolition(Dialect);

#[async_trait]
impl Unit for Demolition {
    fn is_long(&self) -> bool {
        true
    }

    async fn apply(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        let steps = self.0.steps().iter().flat_map(|step| tables(step.text));
        for table in steps.chain(["migrations"]) {
            let drop = Statement::built("migrate.drop", format!("DROP TABLE IF EXISTS {table}"));
            conn.execute(&drop, &[]).await?;
        }
        Ok(())
    }
}

/// The names of the tables that a step makes.
fn tables(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("CREATE TABLE "))
        .filter_map(|rest| rest.split([' ', '(']).next())
}

struct Migration {
    dialect: Dialect,
    taken: AtomicU32,
}

#[async_trait]
impl Unit for Migration {
    fn is_long(&self) -> bool {
        true
    }

    async fn apply(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        let lock = self.dialect.lock();
        if let Some((lock, _)) = lock {
            let held = conn
                .query(lock, &[])
                .await?
                .pop()
                .map(|mut row| row.opt_int())
                .transpose()?
                .flatten();
            if held != Some(1) {
                return Err(StoreError::Contention);
            }
        }
        let outcome = take(conn, self.dialect.steps()).await;
        // Also after a failure: the lock is the connection's, and that goes back to the pool.
        let unlocked = match lock {
            Some((_, Some(unlock))) => conn.query(unlock, &[]).await.map(drop),
            _ => Ok(()),
        };
        self.taken.store(outcome?, Ordering::Relaxed);
        Ok(unlocked?)
    }
}

async fn take(conn: &mut dyn Conn, steps: &[Step]) -> Result<u32, StoreError> {
    conn.execute(&TABLE, &[]).await?;
    let taken = taken(conn).await?;
    let pending = pending(steps, &taken)?;
    for step in pending {
        conn.execute(
            &BEGIN,
            &[step.name.into(), Value::Text(checksum(step.text))],
        )
        .await?;
        for text in statements(step.text) {
            conn.execute(&Statement::new(step.name, text), &[]).await?;
        }
        conn.execute(&FINISH, &[step.name.into()]).await?;
    }
    Ok(u32::try_from(pending.len()).unwrap_or(u32::MAX))
}

async fn taken(conn: &mut dyn Conn) -> Result<Vec<(String, String, bool)>, StoreError> {
    let mut taken = Vec::new();
    for mut row in conn.query(&TAKEN, &[]).await? {
        taken.push((row.text()?, row.text()?, row.int()? == 1));
    }
    Ok(taken)
}

/// Whether a database of these steps is one that this program can bring up to date.
pub(crate) fn known(taken: &[(String, String, bool)]) -> Result<(), Error> {
    pending(SQLITE, taken).map(drop)
}

/// The steps after those taken, if those taken are the first of ours, and perhaps later ones that this program can live with.
fn pending<'s>(steps: &'s [Step], taken: &[(String, String, bool)]) -> Result<&'s [Step], Error> {
    let count = taken.len().min(steps.len());
    let (known, pending) = steps.split_at_checked(count).unwrap_or_default();
    let newest = steps.last().map_or("", |step| step.name);
    for (name, _, finished) in taken.iter().skip(count) {
        if !can_live_with(name, newest) {
            return Err(Error::unavailable(format!(
                "the database was made by a newer version of this program, in whose migration {name} is what this one cannot work \
                 with: run that version or a later one"
            )));
        }
        if !finished {
            return Err(Error::unavailable(format!(
                "migration {name} of a newer version of this program is under way, or was interrupted half-way: wait until it is \
                 done, or restore the database from the backup made before it"
            )));
        }
    }
    for (step, (name, sum, finished)) in known.iter().zip(taken) {
        if step.name != name || checksum(step.text) != *sum {
            return Err(Error::unavailable(format!(
                "migration {name} of the database is not the one this program knows as {}: the database belongs to \
                 another version or build of it",
                step.name
            )));
        }
        if !finished {
            // Only where changes of tables cannot be rolled back: MySQL.
            return Err(Error::unavailable(format!(
                "migration {name} was interrupted half-way: restore the database from the backup made before it"
            )));
        }
    }
    Ok(pending)
}

/// One statement each: they end with a semicolon at the end of a line.
fn statements(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split_inclusive(";\n")
        .map(|statement| statement.trim_end().trim_end_matches(';'))
        .filter(|s| !s.is_empty())
}

fn checksum(text: &str) -> String {
    use std::fmt::Write as _;

    sha2::Sha256::digest(text)
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

#[cfg(test)]
pub(crate) mod tests;
