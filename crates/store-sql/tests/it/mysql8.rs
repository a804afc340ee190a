//! MySQL 8 or newer

use ntt_auth_store_contract::Fresh;

async fn fresh() -> Option<Fresh> {
    crate::migrated(ntt_auth_test_database::Server::Mysql8.database()).await
}

ntt_auth_store_contract::suite!(super::fresh);
