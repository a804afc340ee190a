//! `codes`

use async_trait::async_trait;
use mongodb::bson::{Bson, Document, doc};
use ntt_auth_core::model::{Code, CodeHash, CodeKind, SessionId, Timestamp, UserId};
use ntt_auth_core::store::{Codes, ReadCodes, StoreError};
use uuid::Uuid;

use crate::error::Error;
use crate::value::{Doc, Fields, bytes, id, time};
use crate::view::{Find, View};

const CODES: &str = "codes";

/// What stands for no session: of one user and kind, one code is without.
fn key(session: Option<SessionId>) -> Bson {
    id(session.map_or(Uuid::nil(), SessionId::uuid))
}

fn of_hash(kind: CodeKind, hash: &CodeHash) -> Document {
    doc! { "_id": bytes(hash.bytes()), "kind": kind.as_str() }
}

#[async_trait]
impl ReadCodes for View<'_> {
    async fn by_hash(
        &mut self,
        kind: CodeKind,
        hash: &CodeHash,
    ) -> Result<Option<Code>, StoreError> {
        self.first(Find::new(CODES, of_hash(kind, hash)), code)
            .await
    }
}

#[async_trait]
impl Codes for View<'_> {
    async fn put(&mut self, code: &Code) -> Result<(), StoreError> {
        let place = doc! {
            "user_id": id(code.user.uuid()), "kind": code.kind.as_str(), "session_id": key(code.session),
        };
        self.remove(CODES, place.clone()).await?;
        let mut document = Fields::new()
            .set("_id", bytes(code.hash.bytes()))
            .set("sealed", bytes(&code.sealed))
            .set("created_at", time(code.created_at))
            .set("expires_at", time(code.expires_at))
            .opt("used_at", code.used_at.map(time))
            .document();
        document.extend(place);
        match self.insert(CODES, document).await {
            // Another was put in the same place since it was cleared.
            Err(StoreError::Taken(_)) => Err(StoreError::Contention),
            other => other,
        }
    }

    async fn redeem(
        &mut self,
        kind: CodeKind,
        hash: &CodeHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut good = of_hash(kind, hash);
        good.insert("used_at", Bson::Null);
        good.insert("expires_at", doc! { "$gt": time(now) });
        self.took(CODES, good, doc! { "$set": { "used_at": time(now) } })
            .await
    }

    async fn void(&mut self, user: UserId, kind: CodeKind) -> Result<u64, StoreError> {
        let filter = doc! { "user_id": id(user.uuid()), "kind": kind.as_str() };
        self.remove(CODES, filter).await
    }

    async fn remove_of_user(&mut self, user: UserId) -> Result<u64, StoreError> {
        self.remove(CODES, doc! { "user_id": id(user.uuid()) })
            .await
    }

    async fn purge(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let expired = doc! { "expires_at": { "$lt": time(before) } };
        View::purge(self, CODES, expired, "expires_at", limit).await
    }
}

fn code(mut doc: Doc) -> Result<Code, Error> {
    Ok(Code {
        user: UserId::from_uuid(doc.id("user_id")?),
        kind: doc.name("kind")?,
        session: Some(doc.id("session_id")?)
            .filter(|id| !id.is_nil())
            .map(SessionId::from_uuid),
        hash: CodeHash::from_bytes(doc.array("_id")?),
        sealed: doc.bytes("sealed")?,
        created_at: doc.time("created_at")?,
        expires_at: doc.time("expires_at")?,
        used_at: doc.opt_time("used_at")?,
    })
}
