//! `setup`: one document.

use async_trait::async_trait;
use mongodb::bson::{Bson, Document, doc};
use ntt_auth_core::model::{Setup, SetupTokenHash, Timestamp};
use ntt_auth_core::store::{ReadSetup, Setups, StoreError};

use crate::error::Error;
use crate::value::{Doc, bytes, time};
use crate::view::{Find, View};

const SETUP: &str = "setup";

fn open() -> Document {
    doc! { "_id": 1_i64, "closed_at": Bson::Null }
}

fn closing(now: Timestamp) -> Document {
    doc! { "$set": { "closed_at": time(now) }, "$unset": { "token": "", "expires_at": "" } }
}

#[async_trait]
impl ReadSetup for View<'_> {
    async fn get(&mut self) -> Result<Setup, StoreError> {
        self.one(Find::new(SETUP, doc! { "_id": 1_i64 }), setup)
            .await
    }
}

#[async_trait]
impl Setups for View<'_> {
    async fn offer(
        &mut self,
        token: &SetupTokenHash,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let change =
            doc! { "$set": { "token": bytes(token.bytes()), "expires_at": time(expires_at) } };
        self.took(SETUP, open(), change).await
    }

    async fn redeem(&mut self, token: &SetupTokenHash, now: Timestamp) -> Result<bool, StoreError> {
        let mut good = open();
        good.insert("token", bytes(token.bytes()));
        good.insert("expires_at", doc! { "$gt": time(now) });
        self.took(SETUP, good, closing(now)).await
    }

    async fn close(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        self.took(SETUP, open(), closing(now)).await
    }

    async fn lock_super_admins(&mut self) -> Result<(), StoreError> {
        let lock = doc! { "$inc": { "super_admin_changes": 1_i64 } };
        self.took(SETUP, doc! { "_id": 1_i64 }, lock)
            .await
            .map(drop)
    }
}

fn setup(mut doc: Doc) -> Result<Setup, Error> {
    Ok(Setup {
        token: doc.opt_array("token")?.map(SetupTokenHash::from_bytes),
        expires_at: doc.opt_time("expires_at")?,
        closed_at: doc.opt_time("closed_at")?,
    })
}
