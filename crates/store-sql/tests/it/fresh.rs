//! Empty databases of each engine, one for each test.

use std::any::Any;
#[cfg(any(feature = "mysql", feature = "postgres"))]
use std::io::Write as _;
#[cfg(any(feature = "mysql", feature = "postgres"))]
use std::sync::Once;

/// A database that nobody else uses; it is removed with this value.
pub(crate) struct Database {
    /// What the store is opened with.
    pub(crate) url: String,
    _removed_with_it: Box<dyn Any + Send + Sync>,
}

/// SQLite in memory.
pub(crate) fn sqlite_memory() -> Database {
    Database {
        url: "sqlite::memory:".to_owned(),
        _removed_with_it: Box::new(()),
    }
}

/// SQLite in a file.
pub(crate) fn sqlite_file() -> Database {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("x.db").display());
    Database {
        url,
        _removed_with_it: Box::new(folder),
    }
}

/// A database of the MySQL or MariaDB server of `NTT_TEST_MYSQL_URL`.
#[cfg(feature = "mysql")]
pub(crate) fn mysql() -> Option<Database> {
    static SKIPPED: Once = Once::new();
    let server = server("NTT_TEST_MYSQL_URL", &SKIPPED)?;
    Some(server.database(|url, statement| {
        Box::pin(async move {
            use sqlx::{Connection as _, Executor as _};
            let mut connection = sqlx::MySqlConnection::connect(&url).await?;
            connection
                .execute(sqlx::AssertSqlSafe(statement))
                .await
                .map(drop)
        })
    }))
}

/// A database of the PostgreSQL server of `NTT_TEST_POSTGRES_URL`.
#[cfg(feature = "postgres")]
pub(crate) fn postgres() -> Option<Database> {
    static SKIPPED: Once = Once::new();
    let server = server("NTT_TEST_POSTGRES_URL", &SKIPPED)?;
    Some(server.database(|url, statement| {
        Box::pin(async move {
            use sqlx::{Connection as _, Executor as _};
            let mut connection = sqlx::PgConnection::connect(&url).await?;
            connection
                .execute(sqlx::AssertSqlSafe(statement))
                .await
                .map(drop)
        })
    }))
}

#[cfg(any(feature = "mysql", feature = "postgres"))]
type Command = fn(String, String) -> futures::future::BoxFuture<'static, Result<(), sqlx::Error>>;

#[cfg(any(feature = "mysql", feature = "postgres"))]
struct Server {
    url: String,
    name: String,
    command: Option<Command>,
}

#[cfg(any(feature = "mysql", feature = "postgres"))]
fn server(variable: &str, skipped: &'static Once) -> Option<Server> {
    let Ok(url) = std::env::var(variable) else {
        let word = format!("SKIPPED: {variable} is not set, so nothing is tested on that server");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{word}");
        // Not by a macro, whose output the test harness keeps to itself.
        let line = format!("{word}\n");
        skipped.call_once(|| std::io::stderr().write_all(line.as_bytes()).unwrap());
        return None;
    };
    let name = format!(
        "ntt_auth_{}",
        tempfile::tempdir()
            .unwrap()
            .path()
            .file_name()?
            .to_str()?
            .replace('.', "_")
    );
    Some(Server {
        url,
        name: name.to_lowercase(),
        command: None,
    })
}

#[cfg(any(feature = "mysql", feature = "postgres"))]
impl Server {
    fn database(mut self, command: Command) -> Database {
        self.command = Some(command);
        self.run(
            "CREATE DATABASE",
            if self.is_postgres() {
                ""
            } else {
                "CHARACTER SET utf8mb4"
            },
        );
        let base = self.url.rsplit_once('/').unwrap().0;
        Database {
            url: format!("{base}/{}", self.name),
            _removed_with_it: Box::new(self),
        }
    }

    fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }

    /// On a thread of its own, because it also runs where nothing can be awaited: when the database is dropped.
    fn run(&self, verb: &str, rest: &str) {
        let Some(command) = self.command else { return };
        let (url, statement) = (self.url.clone(), format!("{verb} {} {rest}", self.name));
        let done = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(command(url, statement)).unwrap();
        });
        done.join().unwrap();
    }
}

#[cfg(any(feature = "mysql", feature = "postgres"))]
impl Drop for Server {
    fn drop(&mut self) {
        // FORCE is PostgreSQL's word for what MySQL does anyway: connections of a pool that is going away do not count.
        self.run(
            "DROP DATABASE",
            if self.is_postgres() {
                "WITH (FORCE)"
            } else {
                ""
            },
        );
    }
}
