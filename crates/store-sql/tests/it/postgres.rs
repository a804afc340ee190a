//! PostgreSQL

use ntt_auth_store_contract::Fresh;

async fn fresh() -> Option<Fresh> {
    crate::migrated(crate::fresh::postgres()).await
}

ntt_auth_store_contract::suite!(super::fresh);
