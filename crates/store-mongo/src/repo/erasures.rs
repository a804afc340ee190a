//! `erasures`, and everything that is about one person in any collection.

use async_trait::async_trait;
use mongodb::bson::{Document, doc};
use ntt_auth_core::model::{ErasedId, Erasure, Timestamp, UserId};
use ntt_auth_core::store::{Codes as _, Erasures, Jobs as _, ReadErasures, StoreError, Users as _};

use super::consents::raced;
use crate::error::Error;
use crate::value::{Doc, bytes, id, time};
use crate::view::{Find, View};

const ERASURES: &str = "erasures";

/// Collections whose documents about somebody are forgotten with them. Nouns that do so themselves are called by `forget`. What
/// revokes all tokens of a user is among them, because their sessions are revoked one by one as well.
const FORGOTTEN: [&str; 3] = ["sessions", "revocations", "consents"];

#[async_trait]
impl ReadErasures for View<'_> {
    async fn page(
        &mut self,
        after: Option<ErasedId>,
        limit: u32,
    ) -> Result<Vec<Erasure>, StoreError> {
        let filter = match after {
            Some(after) => doc! { "_id": { "$gt": bytes(after.bytes()) } },
            None => Document::new(),
        };
        let find = Find::new(ERASURES, filter).sorted(doc! { "_id": 1 });
        self.all(find.limit(limit), erasure).await
    }

    async fn users_after(
        &mut self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError> {
        let after = after.map_or(uuid::Uuid::nil(), UserId::uuid);
        let find = Find::new("users", doc! { "_id": { "$gt": id(after) } })
            .sorted(doc! { "_id": 1 })
            .only(doc! { "_id": 1 })
            .limit(limit);
        self.all(find, |mut doc| doc.id("_id").map(UserId::from_uuid))
            .await
    }
}

#[async_trait]
impl Erasures for View<'_> {
    async fn forget(&mut self, user: UserId) -> Result<u64, StoreError> {
        // The user's own first: whoever else is at it meets this one there.
        let mut count = u64::from(self.erase(user).await?);
        for collection in FORGOTTEN {
            count += self
                .remove(collection, doc! { "user_id": id(user.uuid()) })
                .await?;
        }
        count += self
            .update(
                "security_events",
                doc! { "subject_id": id(user.uuid()) },
                doc! { "$unset": { "subject_id": "", "session_id": "", "ip_address": "", "detail": "" } },
            )
            .await?;
        count += self
            .update(
                "security_events",
                doc! { "actor_id": id(user.uuid()) },
                doc! { "$unset": { "actor_id": "", "ip_address": "" } },
            )
            .await?;
        count += self.remove_of_user(user).await?;
        Ok(count + self.remove_of_subject(user).await?)
    }

    async fn insert(&mut self, erasure: &Erasure) -> Result<bool, StoreError> {
        let key = doc! { "_id": bytes(erasure.subject.bytes()) };
        // A key that is met would be the end of the transaction.
        let same = Find::new(ERASURES, key.clone());
        if self.first(same, |_| Ok(())).await?.is_some() {
            return Ok(false);
        }
        let mut document = key;
        document.insert("erased_at", time(erasure.at));
        View::insert(self, ERASURES, document)
            .await
            .map_err(raced)?;
        Ok(true)
    }

    async fn purge(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let old = doc! { "erased_at": { "$lt": time(before) } };
        View::purge(self, ERASURES, old, "erased_at", limit).await
    }
}

fn erasure(mut doc: Doc) -> Result<Erasure, Error> {
    Ok(Erasure {
        subject: ErasedId::from_bytes(doc.array("_id")?),
        at: doc.time("erased_at")?,
    })
}
