//! The promises of every store, on every engine that speaks SQL.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

mod copy;
mod schema;
mod sqlite_file;
mod sqlite_memory;

#[cfg(feature = "mysql")]
mod mariadb;
#[cfg(feature = "mysql")]
mod mysql8;
#[cfg(feature = "postgres")]
mod postgres;

use std::sync::Arc;

use ntt_auth_store_contract::Fresh;
use ntt_auth_store_sql::SqlStore;
use ntt_auth_test_database::Database;

async fn migrated(database: impl Into<Option<Database>>) -> Option<Fresh> {
    let database = database.into()?;
    let store = SqlStore::open(&database.url).await.unwrap();
    store.migrate().await.unwrap();
    Some(Fresh {
        store: Arc::new(store),
        kept: Box::new(database),
    })
}
