//! The store under an installation: SQLite in memory, or on the engine that `NTT_TEST_ENGINE` names.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ntt_auth_core::store::{EngineOptions, ErasedWork, Read, Store, StoreError};
use ntt_auth_store_mongo::MongoStore;
use ntt_auth_store_sql::SqlStore;
use ntt_auth_test_database::{Lent, Server};

/// A new store.
pub(crate) async fn fresh() -> Arc<dyn Store> {
    let engine = std::env::var("NTT_TEST_ENGINE");
    match engine.as_deref().unwrap_or("sqlite") {
        "sqlite" => sqlite("sqlite::memory:").await,
        "mariadb" => lent(Server::Mariadb).await,
        "mysql8" => lent(Server::Mysql8).await,
        "mongodb" => in_documents().await,
        "postgres" => lent(Server::Postgres).await,
        other => {
            panic!(
                "NTT_TEST_ENGINE is {other}: it is one of sqlite, mariadb, mysql8, postgres, mongodb"
            )
        }
    }
}

/// An SQLite store with its tables.
pub(crate) async fn sqlite(url: &str) -> Arc<dyn Store> {
    Arc::new(migrated(url).await)
}

async fn migrated(url: &str) -> SqlStore {
    let store = SqlStore::open(url).await.unwrap();
    store.migrate().await.unwrap();
    store
}

async fn lent(server: Server) -> Arc<dyn Store> {
    let database = server.lend(async |url| drop(migrated(url).await)).await;
    Arc::new(OnServer {
        store: Box::new(
            SqlStore::open_with(database.url(), &patient())
                .await
                .unwrap(),
        ),
        _database: database,
    })
}

async fn in_documents() -> Arc<dyn Store> {
    let migrate = async |url: &str| {
        let store = MongoStore::open(url).await.unwrap();
        store.migrate().await.unwrap();
    };
    let database = Server::Mongodb.lend(migrate).await;
    Arc::new(OnServer {
        store: Box::new(MongoStore::open(database.url()).await.unwrap()),
        _database: database,
    })
}

/// A store over a database that others get after it.
struct OnServer {
    store: Box<dyn Store>,
    _database: Lent,
}

#[async_trait]
impl Store for OnServer {
    fn read(&self) -> Box<dyn Read + '_> {
        self.store.read()
    }

    async fn run(&self, work: Box<dyn ErasedWork>) -> Result<(), StoreError> {
        self.store.run(work).await
    }

    async fn scrub(&self) -> Result<bool, StoreError> {
        self.store.scrub().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }
}

/// Many tests run beside each other on few cores; that nobody waits for long is tested where it is meant.
fn patient() -> EngineOptions {
    EngineOptions {
        connect_timeout: Duration::from_mins(1),
        ..EngineOptions::default()
    }
}
