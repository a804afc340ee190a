//! `revocations`, `revocation_counter`

use async_trait::async_trait;
use mongodb::bson::doc;
use ntt_auth_core::model::{Revocation, Revoked, SessionId, Timestamp, UserId};
use ntt_auth_core::store::{ReadRevocations, Revocations, StoreError};

use crate::error::Error;
use crate::value::{Doc, Fields, id, time};
use crate::view::{Find, View};

const REVOCATIONS: &str = "revocations";
const COUNTER: &str = "revocation_counter";

#[async_trait]
impl ReadRevocations for View<'_> {
    async fn after(&mut self, sequence: i64, limit: u32) -> Result<Vec<Revocation>, StoreError> {
        let find = Find::new(REVOCATIONS, doc! { "_id": { "$gt": sequence } });
        self.all(find.sorted(doc! { "_id": 1 }).limit(limit), revocation)
            .await
    }

    async fn latest(&mut self) -> Result<i64, StoreError> {
        let find = Find::new(COUNTER, doc! { "_id": 1_i64 });
        self.one(find, |mut doc| doc.int("latest")).await
    }
}

#[async_trait]
impl Revocations for View<'_> {
    async fn append(
        &mut self,
        revoked: Revoked,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<i64, StoreError> {
        // Whoever else counts up before the commit is given up, so sequences are committed in their order.
        let sequence = self
            .changed(
                COUNTER,
                doc! { "_id": 1_i64 },
                doc! { "$inc": { "latest": 1_i64 } },
                |mut doc| doc.int("latest"),
            )
            .await?
            .ok_or_else(|| StoreError::corrupt("revocation_counter, which is empty"))?;
        let fields = match revoked {
            Revoked::Session(session) => Fields::new().set("session_id", id(session.uuid())),
            Revoked::UserBelow { user, version } => Fields::new()
                .set("user_id", id(user.uuid()))
                .set("version", version),
        };
        let document = fields
            .set("_id", sequence)
            .set("revoked_at", time(at))
            .set("expires_at", time(expires_at))
            .document();
        self.insert(REVOCATIONS, document).await?;
        Ok(sequence)
    }

    async fn purge(&mut self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let expired = doc! { "expires_at": { "$lt": time(now) } };
        View::purge(self, REVOCATIONS, expired, "expires_at", limit).await
    }
}

fn revocation(mut doc: Doc) -> Result<Revocation, Error> {
    let of = (
        doc.opt_id("session_id")?,
        doc.opt_id("user_id")?,
        doc.opt_int("version")?,
    );
    let revoked = match of {
        (Some(session), None, None) => Revoked::Session(SessionId::from_uuid(session)),
        (None, Some(user), Some(version)) => Revoked::UserBelow {
            user: UserId::from_uuid(user),
            version,
        },
        _ => return Err(doc.corrupt("session_id")),
    };
    Ok(Revocation {
        sequence: doc.int("_id")?,
        revoked,
        at: doc.time("revoked_at")?,
        expires_at: doc.time("expires_at")?,
    })
}
