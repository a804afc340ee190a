//! Databases on a server that runs beside the tests.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use futures::future::BoxFuture;

use crate::Database;
use crate::speak::{self, Speak};

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// MariaDB, named by `NTT_TEST_MYSQL_URL`.
    Mariadb,
    /// MySQL, 8 or newer, named by `NTT_TEST_MYSQL8_URL`.
    Mysql8,
    /// MongoDB, named by `NTT_TEST_MONGODB_URL`.
    Mongodb,
    /// PostgreSQL, named by `NTT_TEST_POSTGRES_URL`.
    Postgres,
}

impl Server {
    /// The variable with its URL.
    #[must_use]
    pub fn variable(self) -> &'static str {
        match self {
            Self::Mariadb => "NTT_TEST_MYSQL_URL",
            Self::Mysql8 => "NTT_TEST_MYSQL8_URL",
            Self::Mongodb => "NTT_TEST_MONGODB_URL",
            Self::Postgres => "NTT_TEST_POSTGRES_URL",
        }
    }

    /// A new database. `None` if there is no server, which is said; with `CI=true` there must be one, but MySQL, which cannot be
    /// had everywhere.
    #[must_use]
    pub fn database(self) -> Option<Database> {
        let server = named(self.variable(), self != Self::Mysql8)?;
        Some(self.make(server))
    }

    pub(crate) fn speak(self) -> &'static dyn Speak {
        match self {
            Self::Mariadb | Self::Mysql8 => &speak::Mysql,
            Self::Mongodb => &speak::Mongodb,
            Self::Postgres => &speak::Postgres,
        }
    }

    fn make(self, server: String) -> Database {
        let folder = tempfile::tempdir().unwrap();
        let unique = folder.path().file_name().unwrap().to_str().unwrap();
        let name = format!("ntt_auth_{}", unique.replace('.', "_").to_lowercase());
        let (place, options) = server.split_once('?').unwrap_or((&server, ""));
        // Many databases are open at once, each with a pool of its own.
        let options = match self {
            Self::Mongodb => format!("minPoolSize=0&{options}"),
            _ => options.to_owned(),
        };
        let url = format!("{}/{name}?{options}", place.rsplit_once('/').unwrap().0);
        let kept = Kept {
            kind: self,
            server,
            name,
        };
        let (speak, server, name) = (self.speak(), kept.server.clone(), kept.name.clone());
        on_a_thread(Box::pin(async move { speak.create(&server, &name).await }));
        Database {
            url: url.trim_end_matches(['?', '&']).to_owned(),
            _removed_with_it: Box::new(kept),
        }
    }
}

/// The URL in a variable. `None` if it is not set, which is said; with `CI=true` what is required must be.
pub(crate) fn named(variable: &'static str, required: bool) -> Option<String> {
    static SAID: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    if let Ok(url) = std::env::var(variable) {
        return Some(url);
    }
    let word = format!("SKIPPED: {variable} is not set, so nothing is tested on that server\n");
    assert!(
        !required || std::env::var("CI").as_deref() != Ok("true"),
        "{word}"
    );
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.insert(variable) {
        // Not by a macro, whose output the test harness keeps to itself.
        std::io::stderr().write_all(word.as_bytes()).unwrap();
    }
    None
}

struct Kept {
    kind: Server,
    server: String,
    name: String,
}

impl Drop for Kept {
    fn drop(&mut self) {
        let (speak, server, name) = (self.kind.speak(), self.server.clone(), self.name.clone());
        on_a_thread(Box::pin(async move { speak.remove(&server, &name).await }));
    }
}

/// Waits on a thread of its own, because databases are also dropped where nothing can be awaited.
pub(crate) fn on_a_thread(work: BoxFuture<'static, ()>) {
    let done = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(work);
    });
    done.join().unwrap();
}
