//! PostgreSQL

use std::time::Duration;

use ntt_auth_core::store::Store as _;
use ntt_auth_store_contract::Fresh;
use ntt_auth_store_sql::SqlStore;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::time::timeout;

async fn fresh() -> Option<Fresh> {
    crate::migrated(ntt_auth_test_database::Server::Postgres.database()).await
}

ntt_auth_store_contract::suite!(super::fresh);

#[tokio::test]
async fn a_listener_that_is_cut_off_says_so_and_the_next_one_hears() {
    let Some(database) = ntt_auth_test_database::Server::Postgres.database() else {
        return;
    };
    let patience = Duration::from_secs(30);
    let store = SqlStore::open(&database.url).await.unwrap();
    let mut first = store.changes().await.unwrap().unwrap();
    let mut other = PgConnection::connect(&database.url).await.unwrap();
    other
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND query LIKE 'LISTEN %'",
        )
        .await
        .unwrap();
    timeout(patience, first.next()).await.unwrap().unwrap_err();
    let mut second = store.changes().await.unwrap().unwrap();
    other.execute("NOTIFY ntt_auth_changes").await.unwrap();
    timeout(patience, second.next()).await.unwrap().unwrap();
}
