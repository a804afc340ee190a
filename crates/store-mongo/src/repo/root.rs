//! `root_secret`: one document.

use async_trait::async_trait;
use mongodb::bson::{Bson, doc};
use ntt_auth_core::model::Timestamp;
use ntt_auth_core::store::{ReadRoot, Roots, StoreError};

use crate::value::{bytes, time};
use crate::view::{Find, View};

const ROOT: &str = "root_secret";

#[async_trait]
impl ReadRoot for View<'_> {
    async fn sealed(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let find = Find::new(ROOT, doc! { "_id": 1_i64 });
        self.one(find, |mut doc| doc.opt_bytes("sealed")).await
    }
}

#[async_trait]
impl Roots for View<'_> {
    async fn keep(&mut self, sealed: &[u8], at: Timestamp) -> Result<bool, StoreError> {
        self.seal(Bson::Null, sealed, at).await
    }

    async fn reseal(
        &mut self,
        before: &[u8],
        sealed: &[u8],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.seal(bytes(before), sealed, at).await
    }
}

impl View<'_> {
    async fn seal(
        &mut self,
        before: Bson,
        sealed: &[u8],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let change = doc! { "$set": { "sealed": bytes(sealed), "sealed_at": time(at) } };
        self.took(ROOT, doc! { "_id": 1_i64, "sealed": before }, change)
            .await
    }
}
