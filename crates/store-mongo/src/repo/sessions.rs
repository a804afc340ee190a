//! `sessions`

use std::net::IpAddr;

use async_trait::async_trait;
use mongodb::bson::{Bson, doc};
use ntt_auth_core::model::{
    Client, ClientMark, EndReason, Ended, RefreshSeed, Session, SessionId, Timestamp, UserId,
};
use ntt_auth_core::store::{ReadSessions, Rotation, Sessions, StoreError};

use crate::error::Error;
use crate::value::{Doc, Fields, bytes, id, time};
use crate::view::{Find, View};

const SESSIONS: &str = "sessions";

#[async_trait]
impl ReadSessions for View<'_> {
    async fn by_id(&mut self, session_id: SessionId) -> Result<Option<Session>, StoreError> {
        let find = Find::new(SESSIONS, doc! { "_id": id(session_id.uuid()) });
        self.first(find, session).await
    }

    async fn open_of_user(
        &mut self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let open = doc! {
            "user_id": id(user.uuid()), "ended_at": Bson::Null, "open_until": { "$gt": time(now) },
        };
        let find = Find::new(SESSIONS, open).sorted(doc! { "last_used_at": -1, "_id": -1 });
        self.all(find, session).await
    }

    async fn of_user(
        &mut self,
        user: UserId,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        let after = after.map_or(uuid::Uuid::nil(), SessionId::uuid);
        let filter = doc! { "user_id": id(user.uuid()), "_id": { "$gt": id(after) } };
        let find = Find::new(SESSIONS, filter).sorted(doc! { "_id": 1 });
        self.all(find.limit(limit), session).await
    }

    async fn seen(
        &mut self,
        user: UserId,
        mark: &ClientMark,
        address: Option<IpAddr>,
    ) -> Result<bool, StoreError> {
        let filter = doc! {
            "user_id": id(user.uuid()),
            "rotated_by": bytes(mark.bytes()),
            "ip_address": address.map(|address| address.to_string()),
        };
        let find = Find::new(SESSIONS, filter).only(doc! { "_id": 1 });
        Ok(self.first(find, |_| Ok(())).await?.is_some())
    }
}

#[async_trait]
impl Sessions for View<'_> {
    async fn insert(&mut self, session: &Session) -> Result<(), StoreError> {
        // The least of idle_expires_at, expires_at and ended_at: one index finds what can be forgotten.
        let closes_at = session.idle_expires_at.min(session.expires_at);
        let open_until = session
            .ended
            .map_or(closes_at, |ended| ended.at.min(closes_at));
        let document = Fields::new()
            .set("_id", id(session.id.uuid()))
            .set("user_id", id(session.user_id.uuid()))
            .set("seed", bytes(session.seed.expose()))
            .set("generation", session.generation)
            .opt("ip_address", address(&session.client))
            .opt("user_agent", session.client.user_agent.as_deref())
            .opt("device_name", session.client.device_name.as_deref())
            .set("rotated_by", bytes(session.rotated_by.bytes()))
            .set("rotated_at", time(session.rotated_at))
            .set("created_at", time(session.created_at))
            .set("last_used_at", time(session.last_used_at))
            .set("idle_expires_at", time(session.idle_expires_at))
            .set("expires_at", time(session.expires_at))
            .opt("ended_at", session.ended.map(|ended| time(ended.at)))
            .opt(
                "end_reason",
                session.ended.map(|ended| ended.reason.as_str()),
            )
            .set("open_until", time(open_until))
            .document();
        View::insert(self, SESSIONS, document).await
    }

    async fn rotate(&mut self, rotation: &Rotation) -> Result<bool, StoreError> {
        let open = doc! {
            "_id": id(rotation.id.uuid()),
            "generation": rotation.generation,
            "ended_at": Bson::Null,
            "open_until": { "$gt": time(rotation.at) },
        };
        let idle_expires_at = time(rotation.idle_expires_at);
        let mut stage = Fields::new()
            .opt("ip_address", address(&rotation.client))
            .opt("user_agent", rotation.client.user_agent.as_deref())
            .set("rotated_by", bytes(rotation.mark.bytes()))
            .set("rotated_at", time(rotation.at))
            .set("last_used_at", time(rotation.at))
            .set("idle_expires_at", idle_expires_at.clone())
            .stage();
        stage.insert("generation", doc! { "$add": ["$generation", 1_i64] });
        stage.insert(
            "open_until",
            doc! { "$min": ["$expires_at", idle_expires_at] },
        );
        self.took(SESSIONS, open, vec![doc! { "$set": stage }])
            .await
    }

    async fn end(
        &mut self,
        session: SessionId,
        at: Timestamp,
        reason: EndReason,
    ) -> Result<bool, StoreError> {
        let open = doc! { "_id": id(session.uuid()), "ended_at": Bson::Null };
        self.took(SESSIONS, open, ending(at, reason)).await
    }

    async fn end_all_of_user(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
        at: Timestamp,
        reason: EndReason,
    ) -> Result<Vec<SessionId>, StoreError> {
        let mut open = doc! { "user_id": id(user.uuid()), "ended_at": Bson::Null };
        if let Some(except) = except {
            open.insert("_id", doc! { "$ne": id(except.uuid()) });
        }
        let find = Find::new(SESSIONS, open.clone()).sorted(doc! { "_id": 1 });
        let found = self
            .all(find.only(doc! { "_id": 1 }), |mut doc| {
                doc.id("_id").map(SessionId::from_uuid)
            })
            .await?;
        // Should another have ended one since the transaction began, it is theirs to tell: this one is applied again.
        if !found.is_empty() {
            self.update(SESSIONS, open, ending(at, reason)).await?;
        }
        Ok(found)
    }

    async fn purge(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let closed = doc! { "open_until": { "$lt": time(before) } };
        View::purge(self, SESSIONS, closed, "open_until", limit).await
    }
}

/// What ends a session.
pub(super) fn ending(at: Timestamp, reason: EndReason) -> mongodb::bson::Document {
    doc! {
        "$set": { "ended_at": time(at), "end_reason": reason.as_str() },
        "$min": { "open_until": time(at) },
    }
}

fn address(client: &Client) -> Option<String> {
    client.ip_address.map(|address| address.to_string())
}

fn session(mut doc: Doc) -> Result<Session, Error> {
    Ok(Session {
        id: SessionId::from_uuid(doc.id("_id")?),
        user_id: UserId::from_uuid(doc.id("user_id")?),
        seed: RefreshSeed::new(doc.array("seed")?),
        generation: doc.int("generation")?,
        client: Client {
            ip_address: doc.opt_name("ip_address")?,
            user_agent: doc.opt_text("user_agent")?,
            device_name: doc.opt_text("device_name")?,
            request_id: None,
        },
        rotated_by: ClientMark::from_bytes(doc.array("rotated_by")?),
        rotated_at: doc.time("rotated_at")?,
        created_at: doc.time("created_at")?,
        last_used_at: doc.time("last_used_at")?,
        idle_expires_at: doc.time("idle_expires_at")?,
        expires_at: doc.time("expires_at")?,
        ended: match (doc.opt_time("ended_at")?, doc.opt_name("end_reason")?) {
            (Some(at), Some(reason)) => Some(Ended { at, reason }),
            (None, None) => None,
            _ => return Err(doc.corrupt("end_reason")),
        },
    })
}
