//! Sessions.

use std::net::IpAddr;

use async_trait::async_trait;

use crate::model::{Client, ClientMark, EndReason, Session, SessionId, Timestamp, UserId};
use crate::store::StoreError;

/// One use of a refresh token: the conditional write that makes it one-time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The session.
    pub id: SessionId,
    /// The generation of the token presented.
    pub generation: i64,
    /// Now.
    pub at: Timestamp,
    /// When the session ends unless refreshed again.
    pub idle_expires_at: Timestamp,
    /// Who presents it; the device name is kept as it is.
    pub client: Client,
    /// Their mark.
    pub mark: ClientMark,
}

/// Reading sessions.
#[async_trait]
pub trait ReadSessions: Send {
    /// The session of this id, ended ones too.
    async fn by_id(&mut self, id: SessionId) -> Result<Option<Session>, StoreError>;

    /// The sessions of a user that are open at `now`, last used first.
    async fn open_of_user(
        &mut self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError>;

    /// At most `limit` sessions of a user after `after`, ended ones too, in the order of their ids, which is that of their
    /// beginning.
    async fn of_user(
        &mut self,
        user: UserId,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError>;

    /// Whether a session of the user that is still kept, open or not, was last used by a client of this mark at this
    /// address.
    async fn seen(
        &mut self,
        user: UserId,
        mark: &ClientMark,
        address: Option<IpAddr>,
    ) -> Result<bool, StoreError>;
}

/// Writing sessions.
#[async_trait]
pub trait Sessions: ReadSessions {
    /// Adds a session.
    async fn insert(&mut self, session: &Session) -> Result<(), StoreError>;

    /// Counts the generation up from `rotation.generation`, if the session has that generation, has not ended and has
    /// not expired at `rotation.at`; `false`, and nothing written, if not. Of any number of concurrent callers with
    /// the same generation, one gets `true`.
    async fn rotate(&mut self, rotation: &Rotation) -> Result<bool, StoreError>;

    /// Ends a session that has not ended; `false` if it has, or there is none.
    async fn end(
        &mut self,
        id: SessionId,
        at: Timestamp,
        reason: EndReason,
    ) -> Result<bool, StoreError>;

    /// Ends every session of a user that has not ended, but `except`, and says which.
    async fn end_all_of_user(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
        at: Timestamp,
        reason: EndReason,
    ) -> Result<Vec<SessionId>, StoreError>;

    /// Forgets at most `limit` sessions that ended, or expired, before `before`; says how many.
    async fn purge(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
