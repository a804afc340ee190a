//! The promises of every store.

use ntt_auth_store_contract::Fresh;

async fn fresh() -> Option<Fresh> {
    let (database, store) = crate::opened().await?;
    Some(Fresh {
        store,
        kept: Box::new(database),
    })
}

ntt_auth_store_contract::suite!(super::fresh);
