//! MariaDB

use ntt_auth_store_contract::Fresh;

async fn fresh() -> Option<Fresh> {
    crate::migrated(ntt_auth_test_database::Server::Mariadb.database()).await
}

ntt_auth_store_contract::suite!(super::fresh);
