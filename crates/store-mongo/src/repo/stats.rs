//! Counts, each along an index.

use async_trait::async_trait;
use mongodb::bson::{Bson, doc};
use ntt_auth_core::model::{EventKind, Role, Timestamp};
use ntt_auth_core::store::{AccountCounts, ReadStats, StoreError};

use crate::value::{is_there, time};
use crate::view::{Find, View};

const USERS: &str = "users";

#[async_trait]
impl ReadStats for View<'_> {
    async fn accounts(&mut self, now: Timestamp) -> Result<AccountCounts, StoreError> {
        // They are few: erased soon after.
        let deleted = Find::new(USERS, doc! { "deleted_at": is_there() })
            .along("users_deleted_at")
            .only(doc! { "role": 1 });
        let deleted: Vec<Role> = self.all(deleted, |mut doc| doc.name("role")).await?;
        let mut by_role = Vec::new();
        for role in Role::ALL {
            let all = doc! { "role": role.as_str() };
            let all = self.counted(USERS, all, None, "users_role").await?;
            let gone = deleted.iter().filter(|of| **of == role).count();
            by_role.push((role, all.saturating_sub(gone as u64)));
        }
        let suspended = doc! {
            "suspended_at": is_there(),
            "deleted_at": Bson::Null,
            "$or": [{ "suspended_until": Bson::Null }, { "suspended_until": { "$gt": time(now) } }],
        };
        let unverified = doc! { "email_verified": false };
        Ok(AccountCounts {
            by_role,
            suspended: self
                .counted(USERS, suspended, None, "users_suspended_at")
                .await?,
            deleted: deleted.len() as u64,
            unverified: self
                .counted(USERS, unverified, None, "users_email_verified")
                .await?,
        })
    }

    async fn open_sessions(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        // An ended session was open until then.
        let open = doc! { "open_until": { "$gt": time(now) } };
        self.counted("sessions", open, None, "sessions_open_until")
            .await
    }

    async fn events(
        &mut self,
        kind: EventKind,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        let events = doc! {
            "kind": kind.as_str(), "occurred_at": { "$gte": time(from), "$lt": time(until) },
        };
        self.counted("audit_events", events, None, "audit_events_kind")
            .await
    }
}
