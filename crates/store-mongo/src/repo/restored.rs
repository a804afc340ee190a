//! What is made invalid after a restore, in every collection that holds something good for once or until revoked.

use async_trait::async_trait;
use mongodb::bson::{Bson, doc};
use ntt_auth_core::model::{EndReason, Timestamp};
use ntt_auth_core::store::{Invalidated, Restores, StoreError};

use super::sessions::ending;
use crate::view::View;

#[async_trait]
impl Restores for View<'_> {
    async fn invalidate(&mut self, at: Timestamp) -> Result<Invalidated, StoreError> {
        self.remove("codes", doc! {}).await?;
        let open = doc! { "ended_at": Bson::Null };
        Ok(Invalidated {
            sessions: self
                .update("sessions", open, ending(at, EndReason::Restored))
                .await?,
            keys: self.remove("signing_keys", doc! {}).await?,
            jobs: self
                .remove("jobs", doc! { "state": { "$in": ["waiting", "leased"] } })
                .await?,
        })
    }
}
