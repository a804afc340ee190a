//! `signing_keys`

use async_trait::async_trait;
use mongodb::bson::doc;
use ntt_auth_core::model::{KeyId, StoredKey, Timestamp};
use ntt_auth_core::store::{Keys, ReadKeys, StoreError, Unique};

use super::consents::raced;
use crate::error::Error;
use crate::value::{Doc, Fields, bytes, time};
use crate::view::{Find, View};

const KEYS: &str = "signing_keys";

#[async_trait]
impl ReadKeys for View<'_> {
    async fn all(&mut self) -> Result<Vec<StoredKey>, StoreError> {
        let find = Find::new(KEYS, doc! {}).sorted(doc! { "created_at": 1, "_id": 1 });
        View::all(self, find, key).await
    }
}

#[async_trait]
impl Keys for View<'_> {
    async fn insert(&mut self, key: &StoredKey) -> Result<(), StoreError> {
        // A key that is met would be the end of the transaction.
        let same = Find::new(KEYS, doc! { "_id": key.id.as_str() });
        if self.first(same, |_| Ok(())).await?.is_some() {
            return Err(StoreError::Taken(Unique::Id));
        }
        let document = Fields::new()
            .set("_id", key.id.as_str())
            .set("algorithm", key.algorithm.as_str())
            .set("state", key.state.as_str())
            .set("sealed", bytes(&key.sealed))
            .set("created_at", time(key.created_at))
            .opt("activated_at", key.activated_at.map(time))
            .opt("retired_at", key.retired_at.map(time))
            .opt("expires_at", key.expires_at.map(time))
            .document();
        View::insert(self, KEYS, document).await.map_err(raced)
    }

    async fn activate(&mut self, id: &KeyId, at: Timestamp) -> Result<bool, StoreError> {
        let next = doc! { "_id": id.as_str(), "state": "next" };
        let change = doc! { "$set": { "state": "current", "activated_at": time(at) } };
        self.took(KEYS, next, change).await
    }

    async fn retire(
        &mut self,
        id: &KeyId,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let current = doc! { "_id": id.as_str(), "state": "current" };
        let change = doc! {
            "$set": { "state": "retired", "retired_at": time(at), "expires_at": time(expires_at) },
        };
        self.took(KEYS, current, change).await
    }

    async fn remove(&mut self, id: &KeyId) -> Result<bool, StoreError> {
        let removed = View::remove(self, KEYS, doc! { "_id": id.as_str() }).await?;
        Ok(removed > 0)
    }

    async fn purge(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let expired = doc! { "state": "retired", "expires_at": { "$lte": time(now) } };
        View::remove(self, KEYS, expired).await
    }
}

fn key(mut doc: Doc) -> Result<StoredKey, Error> {
    Ok(StoredKey {
        id: KeyId::new(doc.text("_id")?),
        algorithm: doc.name("algorithm")?,
        state: doc.name("state")?,
        sealed: doc.bytes("sealed")?,
        created_at: doc.time("created_at")?,
        activated_at: doc.opt_time("activated_at")?,
        retired_at: doc.opt_time("retired_at")?,
        expires_at: doc.opt_time("expires_at")?,
    })
}
