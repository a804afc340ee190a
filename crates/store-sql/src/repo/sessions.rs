//! `sessions`

use std::net::IpAddr;

use async_trait::async_trait;
use ntt_auth_core::model::{
    Client, ClientMark, EndReason, Ended, RefreshSeed, Session, SessionId, Timestamp, UserId,
};
use ntt_auth_core::store::{ReadSessions, Rotation, Sessions, StoreError};

use crate::engine::{Error, Row, Statement, Value};
use crate::view::View;

static BY_ID: Statement = Statement::new(
    "sessions.by_id",
    "SELECT id, user_id, seed, generation, ip_address, user_agent, device_name, rotated_by, rotated_at, created_at, \
     last_used_at, idle_expires_at, expires_at, ended_at, end_reason FROM sessions WHERE id = ?",
);

static OPEN_OF_USER: Statement = Statement::new(
    "sessions.open_of_user",
    "SELECT id, user_id, seed, generation, ip_address, user_agent, device_name, rotated_by, rotated_at, created_at, \
     last_used_at, idle_expires_at, expires_at, ended_at, end_reason FROM sessions \
     WHERE user_id = ? AND ended_at IS NULL AND open_until > ? ORDER BY last_used_at DESC, id DESC",
);

static OF_USER: Statement = Statement::new(
    "sessions.of_user",
    "SELECT id, user_id, seed, generation, ip_address, user_agent, device_name, rotated_by, rotated_at, created_at, \
     last_used_at, idle_expires_at, expires_at, ended_at, end_reason FROM sessions \
     WHERE user_id = ? AND id > ? ORDER BY id LIMIT ?",
);

static SEEN: Statement = Statement::new(
    "sessions.seen",
    "SELECT 1 FROM sessions WHERE user_id = ? AND rotated_by = ? AND COALESCE(ip_address, '') = ? LIMIT 1",
);

static INSERT: Statement = Statement::new(
    "sessions.insert",
    "INSERT INTO sessions (id, user_id, seed, generation, ip_address, user_agent, device_name, rotated_by, \
     rotated_at, created_at, last_used_at, idle_expires_at, expires_at, ended_at, end_reason, open_until) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
);

static ROTATE: Statement = Statement::new(
    "sessions.rotate",
    "UPDATE sessions SET generation = generation + 1, ip_address = ?, user_agent = ?, rotated_by = ?, \
     rotated_at = ?, last_used_at = ?, idle_expires_at = ?, \
     open_until = CASE WHEN expires_at < ? THEN expires_at ELSE ? END \
     WHERE id = ? AND generation = ? AND ended_at IS NULL AND open_until > ?",
);

static END: Statement = Statement::new(
    "sessions.end",
    "UPDATE sessions SET ended_at = ?, end_reason = ?, \
     open_until = CASE WHEN open_until < ? THEN open_until ELSE ? END WHERE id = ? AND ended_at IS NULL",
);

static NOT_ENDED_OF_USER: Statement = Statement::new(
    "sessions.not_ended_of_user",
    "SELECT id FROM sessions WHERE user_id = ? AND ended_at IS NULL ORDER BY id",
);

static PURGE: Statement = Statement::new(
    "sessions.purge",
    // MySQL allows a LIMIT only in a table that is made for the occasion.
    "DELETE FROM sessions WHERE id IN (SELECT id FROM (SELECT id FROM sessions WHERE open_until < ? \
     ORDER BY open_until LIMIT ?) AS closed)",
);

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[
    &BY_ID,
    &OPEN_OF_USER,
    &OF_USER,
    &SEEN,
    &INSERT,
    &ROTATE,
    &END,
    &NOT_ENDED_OF_USER,
    &PURGE,
];

#[async_trait]
impl ReadSessions for View<'_> {
    async fn by_id(&mut self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.first(&BY_ID, &[id.uuid().into()], session).await
    }

    async fn open_of_user(
        &mut self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        self.all(&OPEN_OF_USER, &[user.uuid().into(), now.into()], session)
            .await
    }

    async fn of_user(
        &mut self,
        user: UserId,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        let after = after.map_or(uuid::Uuid::nil(), SessionId::uuid);
        let values = [user.uuid().into(), after.into(), limit.into()];
        self.all(&OF_USER, &values, session).await
    }

    async fn seen(
        &mut self,
        user: UserId,
        mark: &ClientMark,
        address: Option<IpAddr>,
    ) -> Result<bool, StoreError> {
        let address = address.map_or_else(String::new, |address| address.to_string());
        let values = [
            user.uuid().into(),
            mark.bytes().as_slice().into(),
            address.into(),
        ];
        Ok(self.first(&SEEN, &values, |_| Ok(())).await?.is_some())
    }
}

#[async_trait]
impl Sessions for View<'_> {
    async fn insert(&mut self, session: &Session) -> Result<(), StoreError> {
        let closes_at = session.idle_expires_at.min(session.expires_at);
        let values = [
            session.id.uuid().into(),
            session.user_id.uuid().into(),
            session.seed.expose().as_slice().into(),
            session.generation.into(),
            address(&session.client),
            session.client.user_agent.as_deref().into(),
            session.client.device_name.as_deref().into(),
            session.rotated_by.bytes().as_slice().into(),
            session.rotated_at.into(),
            session.created_at.into(),
            session.last_used_at.into(),
            session.idle_expires_at.into(),
            session.expires_at.into(),
            session.ended.map(|ended| ended.at).into(),
            session.ended.map(|ended| ended.reason.as_str()).into(),
            session
                .ended
                .map_or(closes_at, |ended| ended.at.min(closes_at))
                .into(),
        ];
        self.count(&INSERT, &values).await.map(drop)
    }

    async fn rotate(&mut self, rotation: &Rotation) -> Result<bool, StoreError> {
        let values = [
            address(&rotation.client),
            rotation.client.user_agent.as_deref().into(),
            rotation.mark.bytes().as_slice().into(),
            rotation.at.into(),
            rotation.at.into(),
            rotation.idle_expires_at.into(),
            rotation.idle_expires_at.into(),
            rotation.idle_expires_at.into(),
            rotation.id.uuid().into(),
            rotation.generation.into(),
            rotation.at.into(),
        ];
        self.took(&ROTATE, &values).await
    }

    async fn end(
        &mut self,
        id: SessionId,
        at: Timestamp,
        reason: EndReason,
    ) -> Result<bool, StoreError> {
        let values = [
            at.into(),
            reason.as_str().into(),
            at.into(),
            at.into(),
            id.uuid().into(),
        ];
        self.took(&END, &values).await
    }

    async fn end_all_of_user(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
        at: Timestamp,
        reason: EndReason,
    ) -> Result<Vec<SessionId>, StoreError> {
        let found = self
            .all(&NOT_ENDED_OF_USER, &[user.uuid().into()], |mut row| {
                row.id().map(SessionId::from_uuid)
            })
            .await?;
        let mut ended = Vec::new();
        for id in found {
            // Another may have ended it since it was found; then it is theirs to tell.
            if Some(id) != except && self.end(id, at, reason).await? {
                ended.push(id);
            }
        }
        Ok(ended)
    }

    async fn purge(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.count(&PURGE, &[before.into(), limit.into()]).await
    }
}

fn address(client: &Client) -> Value {
    client.ip_address.map(|address| address.to_string()).into()
}

fn session(mut row: Row) -> Result<Session, Error> {
    Ok(Session {
        id: SessionId::from_uuid(row.id()?),
        user_id: UserId::from_uuid(row.id()?),
        seed: RefreshSeed::new(row.array()?),
        generation: row.int()?,
        client: Client {
            ip_address: row.opt_name()?,
            user_agent: row.opt_text()?,
            device_name: row.opt_text()?,
            request_id: None,
        },
        rotated_by: ClientMark::from_bytes(row.array()?),
        rotated_at: row.time()?,
        created_at: row.time()?,
        last_used_at: row.time()?,
        idle_expires_at: row.time()?,
        expires_at: row.time()?,
        ended: match (row.opt_time()?, row.opt_name()?) {
            (Some(at), Some(reason)) => Some(Ended { at, reason }),
            (None, None) => None,
            _ => return Err(row.corrupt()),
        },
    })
}
