//! The store over whichever engine a URL names.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use ntt_auth_core::model::Timestamp;
use ntt_auth_core::store::portable::Portable;
use ntt_auth_core::store::{
    Changes, Connections, EngineFacts, EngineOptions, ErasedWork, Gate, ManagedStore, Read, Store,
    StoreError,
};

use crate::engine::sqlite::Sqlite;
use crate::engine::{self, Conn, Dialect, Engine, Statement, Unit};
use crate::examine;
use crate::migrate;
use crate::repo::user_search;
use crate::view::View;

/// A store in SQLite, or, where compiled in, in MySQL/MariaDB or PostgreSQL.
pub struct SqlStore {
    pub(crate) engine: Box<dyn Engine>,
    gate: Arc<dyn Gate>,
}

static PING: Statement = Statement::new("store.ping", "SELECT 1");

impl SqlStore {
    /// Opens the database that `url` names: `sqlite::memory:`, `sqlite:PATH`, `mysql://…` or `postgres://…`. Its tables
    /// are those of [`SqlStore::migrate`], which is called next.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] says what is wrong with the URL, the file or the server, and what cures it.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with(url, &EngineOptions::default()).await
    }

    /// As [`SqlStore::open`], with figures for the connections to a server. SQLite has none, and answers at once or fails at
    /// once, so that of its gate it uses only the ear.
    ///
    /// # Errors
    /// As for [`SqlStore::open`].
    pub async fn open_with(url: &str, options: &EngineOptions) -> Result<Self, StoreError> {
        Ok(Self {
            engine: connect(url, options).await?,
            gate: Arc::clone(&options.gate),
        })
    }

    /// Brings the tables to the form that this program needs, and says how many steps that took. Steps already taken
    /// are left alone; of several processes that start at once, one takes them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database was made by a newer program, or a step taken before is not the one
    /// this program knows.
    pub async fn migrate(&self) -> Result<u32, StoreError> {
        let steps = migrate::run(&*self.engine).await?;
        user_search::fill(&*self.engine).await?;
        Ok(steps)
    }

    /// How many steps [`SqlStore::migrate`] would take. Nothing is changed.
    ///
    /// # Errors
    /// As for [`SqlStore::migrate`], and if there are no tables at all.
    pub async fn pending_steps(&self) -> Result<u32, StoreError> {
        migrate::pending_steps(&*self.engine).await
    }

    /// Tables, columns and indexes as they are, a line for each, in the words of the committed schema.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the engine does not answer.
    pub async fn catalogue(&self) -> Result<Vec<String>, StoreError> {
        examine::catalogue::lines(&*self.engine).await
    }

    /// Forgets everything: afterwards the store is as a new one. For test installations alone; nobody may be writing.
    pub async fn reset(&self) -> Result<(), StoreError> {
        migrate::reset(&*self.engine).await
    }
}

#[cfg_attr(
    not(any(feature = "mysql", feature = "postgres")),
    expect(clippy::unused_async, reason = "only what is elsewhere is waited for")
)]
async fn connect(url: &str, options: &EngineOptions) -> Result<Box<dyn Engine>, engine::Error> {
    if url == "sqlite::memory:" {
        return Ok(Box::new(Sqlite::memory()?));
    }
    let (scheme, rest) = url.split_once(':').unwrap_or_default();
    match scheme {
        "sqlite" if rest.is_empty() => Err(engine::Error::unavailable(
            "the database URL names no file: write sqlite:PATH",
        )),
        "sqlite" => Ok(Box::new(Sqlite::open(Path::new(
            rest.strip_prefix("//").unwrap_or(rest),
        ))?)),
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => Ok(Box::new(engine::mysql::Mysql::connect(url, options).await?)),
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => Ok(Box::new(
            engine::postgres::Postgres::connect(url, options).await?,
        )),
        _ => Err(engine::Error::unavailable(format!(
            "this program knows no store of the kind {scheme:?}: a database URL begins with one of {}",
            KINDS.join(", ")
        ))),
    }
}

const KINDS: &[&str] = &[
    "sqlite:",
    #[cfg(feature = "mysql")]
    "mysql:",
    #[cfg(feature = "postgres")]
    "postgres:",
];

#[async_trait]
impl Store for SqlStore {
    fn read(&self) -> Box<dyn Read + '_> {
        Box::new(View::reading(&*self.engine, &*self.gate))
    }

    async fn run(&self, work: Box<dyn ErasedWork>) -> Result<(), StoreError> {
        let work = Erased {
            work,
            gate: Arc::clone(&self.gate),
        };
        engine::run(&*self.engine, Arc::new(work)).await
    }

    async fn scrub(&self) -> Result<bool, StoreError> {
        Ok(self.engine.scrub().await?)
    }

    async fn changes(&self) -> Result<Option<Box<dyn Changes>>, StoreError> {
        Ok(self.engine.changes().await?)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.engine.query(&PING, &[]).await?;
        Ok(())
    }
}

#[async_trait]
impl ManagedStore for SqlStore {
    fn engine(&self) -> &'static str {
        match self.engine.dialect() {
            Dialect::Sqlite => "SQLite",
            #[cfg(feature = "mysql")]
            Dialect::MySql => "MySQL",
            #[cfg(feature = "postgres")]
            Dialect::Postgres => "PostgreSQL",
        }
    }

    async fn migrate(&self) -> Result<u32, StoreError> {
        self.migrate().await
    }

    async fn is_new(&self) -> Result<bool, StoreError> {
        migrate::is_new(&*self.engine).await
    }

    async fn pending_steps(&self) -> Result<u32, StoreError> {
        self.pending_steps().await
    }

    async fn reset(&self) -> Result<(), StoreError> {
        self.reset().await
    }

    async fn examine(&self) -> Result<EngineFacts, StoreError> {
        examine::facts(&*self.engine).await
    }

    async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        examine::clock(&*self.engine).await
    }

    fn portable(&self) -> &dyn Portable {
        self
    }

    fn connections(&self) -> Option<Connections> {
        self.engine.connections()
    }
}

/// A piece of work of the rules', as the engines take it.
struct Erased {
    work: Box<dyn ErasedWork>,
    gate: Arc<dyn Gate>,
}

#[async_trait]
impl Unit for Erased {
    async fn apply(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        let mut view = View::writing(conn, &*self.gate);
        self.work.apply(&mut view).await?;
        view.notes().refuse_if_left()
    }
}

impl std::fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL, with its password, is not kept.
        f.debug_struct("SqlStore")
            .field("dialect", &self.engine.dialect())
            .finish_non_exhaustive()
    }
}
