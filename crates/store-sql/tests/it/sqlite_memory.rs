//! SQLite in memory

use ntt_auth_store_contract::Fresh;

async fn fresh() -> Option<Fresh> {
    crate::migrated(crate::fresh::sqlite_memory()).await
}

ntt_auth_store_contract::suite!(super::fresh);
