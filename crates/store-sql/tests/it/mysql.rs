//! MySQL or MariaDB

use ntt_auth_store_contract::Fresh;

async fn fresh() -> Option<Fresh> {
    crate::migrated(crate::fresh::mysql()).await
}

ntt_auth_store_contract::suite!(super::fresh);
