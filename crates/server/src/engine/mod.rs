//! The engine that an installation's store is in: opened by its address, with a breaker before it and an ear on its
//! statements.

mod watch;

use std::sync::{Arc, Weak};
use std::time::Duration;

use ntt_auth_core::port::Clock;
use ntt_auth_core::store::{EngineOptions, ManagedStore, StoreError};
use ntt_auth_store_sql::SqlStore;

pub use watch::EngineWatch;

use crate::breaker::BreakerState;
use crate::settings::{Engine, EngineKind, ServerUrl};

/// How often it is looked whether an engine that was away may be asked again.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A store, and what its engine lets be seen.
#[derive(Clone)]
pub struct OpenStore {
    /// The store.
    pub store: Arc<dyn ManagedStore>,
    /// The same, where it is SQLite: that is backed up by copying it.
    pub embedded: Option<Arc<SqlStore>>,
    /// What is known of its calls.
    pub watch: Arc<EngineWatch>,
}

/// Opens SQLite: `sqlite:PATH` or `sqlite::memory:`.
pub async fn open_embedded(
    url: &str,
    settings: &Engine,
    clock: Arc<dyn Clock>,
) -> Result<OpenStore, StoreError> {
    let watch = Arc::new(EngineWatch::new(settings, clock, "sqlite"));
    let store = Arc::new(SqlStore::open_with(url, &options(settings, &watch)).await?);
    Ok(OpenStore {
        store: Arc::clone(&store) as Arc<dyn ManagedStore>,
        embedded: Some(store),
        watch,
    })
}

/// Connects to a server.
pub async fn open_server(
    url: &ServerUrl,
    settings: &Engine,
    clock: Arc<dyn Clock>,
) -> Result<OpenStore, StoreError> {
    let system = match url.kind() {
        EngineKind::MySql => "mysql",
        EngineKind::Postgres => "postgresql",
        EngineKind::Mongo => "mongodb",
    };
    let watch = Arc::new(EngineWatch::new(settings, clock, system));
    let options = options(settings, &watch);
    let store: Arc<dyn ManagedStore> = match url.kind() {
        EngineKind::MySql | EngineKind::Postgres => {
            Arc::new(SqlStore::open_with(url.expose(), &options).await?)
        }
        EngineKind::Mongo => open_mongo(url, &options, settings).await?,
    };
    tokio::spawn(ask_whether_it_is_back(
        Arc::downgrade(&store),
        Arc::clone(&watch),
    ));
    Ok(OpenStore {
        store,
        embedded: None,
        watch,
    })
}

#[cfg(feature = "mongodb")]
async fn open_mongo(
    url: &ServerUrl,
    options: &EngineOptions,
    settings: &Engine,
) -> Result<Arc<dyn ManagedStore>, StoreError> {
    use ntt_auth_store_mongo::{MongoOptions, MongoStore};

    let wanted = MongoOptions {
        operation: settings.timeout,
        ..MongoOptions::from(options)
    };
    let store = MongoStore::watched(url.expose(), wanted, Arc::clone(&options.gate)).await?;
    Ok(Arc::new(store))
}

#[cfg(not(feature = "mongodb"))]
#[expect(
    clippy::unused_async,
    reason = "where it is built in, it is waited for"
)]
async fn open_mongo(
    _: &ServerUrl,
    _: &EngineOptions,
    _: &Engine,
) -> Result<Arc<dyn ManagedStore>, StoreError> {
    // The settings have refused the address already.
    Err(StoreError::unavailable("this build has no MongoDB"))
}

/// Asks an engine that was left alone, for as long as anybody has the store.
async fn ask_whether_it_is_back(store: Weak<dyn ManagedStore>, watch: Arc<EngineWatch>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(store) = store.upgrade() else {
            return;
        };
        while watch.report().state == BreakerState::HalfOpen {
            // How it ended, the breaker has learnt.
            if EngineWatch::probing(store.ping()).await.is_err() {
                break;
            }
        }
    }
}

fn options(settings: &Engine, watch: &Arc<EngineWatch>) -> EngineOptions {
    EngineOptions {
        connections: settings.connections.clone(),
        connect_timeout: settings.connect_timeout,
        ca_file: settings.ca_file.clone(),
        gate: Arc::clone(watch) as _,
    }
}
