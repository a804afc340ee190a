//! The promises of every store, on MongoDB.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

mod contract;
mod copy;
mod examine;
mod fresh;
mod indexes;
mod migrations;
mod promises;
mod relay;
mod schema;
mod work;

use std::sync::Arc;

use ntt_auth_store_mongo::MongoStore;

/// A migrated store in a database of its own; `None` where there is no server.
async fn opened() -> Option<(fresh::Database, Arc<MongoStore>)> {
    let database = fresh::mongodb()?;
    let store = MongoStore::open(&database.url).await.unwrap();
    store.migrate().await.unwrap();
    Some((database, Arc::new(store)))
}
