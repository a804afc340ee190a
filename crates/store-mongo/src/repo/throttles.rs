//! `throttles`

use async_trait::async_trait;
use mongodb::bson::{Document, doc};
use ntt_auth_core::model::{Throttle, ThrottleId, Timestamp};
use ntt_auth_core::store::{ReadThrottles, StoreError, Throttles};

use super::consents::raced;
use crate::error::Error;
use crate::value::{Doc, Fields, bytes, time};
use crate::view::{Find, View};

const THROTTLES: &str = "throttles";

fn named(id: &ThrottleId) -> Document {
    doc! { "_id": bytes(id.bytes()) }
}

#[async_trait]
impl ReadThrottles for View<'_> {
    async fn get(&mut self, id: &ThrottleId) -> Result<Option<Throttle>, StoreError> {
        self.first(Find::new(THROTTLES, named(id)), throttle).await
    }
}

#[async_trait]
impl Throttles for View<'_> {
    async fn hold(&mut self, id: &ThrottleId) -> Result<Option<Throttle>, StoreError> {
        // Whoever else holds it before the commit is given up.
        let hold = doc! { "$inc": { "holds": 1_i64 } };
        self.changed(THROTTLES, named(id), hold, throttle).await
    }

    async fn insert(
        &mut self,
        id: &ThrottleId,
        account: &ThrottleId,
        counter: &Throttle,
    ) -> Result<(), StoreError> {
        // A key that is met would be the end of the transaction.
        if self.get(id).await?.is_some() {
            return Err(StoreError::Contention);
        }
        let document = fields(counter)
            .set("_id", bytes(id.bytes()))
            .set("account", bytes(account.bytes()))
            .set("holds", 0_i64)
            .document();
        View::insert(self, THROTTLES, document).await.map_err(raced)
    }

    async fn update(&mut self, id: &ThrottleId, counter: &Throttle) -> Result<(), StoreError> {
        self.took(THROTTLES, named(id), fields(counter).change())
            .await
            .map(drop)
    }

    async fn forget(&mut self, id: &ThrottleId) -> Result<bool, StoreError> {
        Ok(self.remove(THROTTLES, named(id)).await? > 0)
    }

    async fn forget_account(&mut self, account: &ThrottleId) -> Result<u64, StoreError> {
        self.remove(THROTTLES, doc! { "account": bytes(account.bytes()) })
            .await
    }

    async fn purge(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let expired = doc! { "expires_at": { "$lt": time(before) } };
        View::purge(self, THROTTLES, expired, "expires_at", limit).await
    }
}

fn fields(counter: &Throttle) -> Fields {
    Fields::new()
        .set("guesses", i64::from(counter.guesses))
        .set("in_a_row", i64::from(counter.in_a_row))
        .set("window_ends", time(counter.window_ends))
        .opt("locked_until", counter.locked_until.map(time))
        .set("expires_at", time(counter.expires_at))
}

fn throttle(mut doc: Doc) -> Result<Throttle, Error> {
    Ok(Throttle {
        guesses: doc.small("guesses")?,
        in_a_row: doc.small("in_a_row")?,
        window_ends: doc.time("window_ends")?,
        locked_until: doc.opt_time("locked_until")?,
        expires_at: doc.time("expires_at")?,
    })
}
