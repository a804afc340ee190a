//! The revocations in force, in memory: asked at every validation, without a lock and without the store.

use std::sync::atomic::{AtomicI64, Ordering};

use papaya::HashMap;

use crate::model::{Revocation, Revoked, SessionId, Timestamp, UserId};
use crate::token::AccessToken;

/// What the revocation log says, as far as this node has read it.
#[derive(Default)]
pub struct RevokedSet {
    sessions: HashMap<SessionId, Timestamp>,
    users: HashMap<UserId, (i64, Timestamp)>,
    followed_to: AtomicI64,
    followed_at: AtomicI64,
}

impl RevokedSet {
    /// Takes one entry into account at once, in any order and any number of times.
    pub fn apply(&self, revocation: &Revocation) {
        match revocation.revoked {
            Revoked::Session(session) => {
                self.sessions.pin().insert(session, revocation.expires_at);
            }
            Revoked::UserBelow { user, version } => {
                self.users.pin().update_or_insert(
                    user,
                    |(known, expires)| (version.max(*known), revocation.expires_at.max(*expires)),
                    (version, revocation.expires_at),
                );
            }
        }
    }

    /// Whether a token is revoked.
    pub fn holds(&self, token: &AccessToken) -> bool {
        self.sessions.pin().contains_key(&token.session_id)
            || self
                .users
                .pin()
                .get(&token.user_id)
                .is_some_and(|(version, _)| token.version < *version)
    }

    /// Notes that the log was read up to `sequence` at `now`. Only the follower calls this: entries applied by the
    /// node that wrote them do not move the mark, because older ones of other nodes may still be unread.
    pub fn note_followed(&self, sequence: i64, now: Timestamp) {
        self.followed_to.fetch_max(sequence, Ordering::AcqRel);
        self.followed_at.store(now.millis(), Ordering::Release);
    }

    /// Up to which entry the log was read.
    pub fn followed_to(&self) -> i64 {
        self.followed_to.load(Ordering::Acquire)
    }

    /// When the log was last read.
    pub fn followed_at(&self) -> Timestamp {
        Timestamp::from_millis(self.followed_at.load(Ordering::Acquire))
    }

    /// Forgets entries whose tokens have all expired.
    pub fn purge(&self, now: Timestamp) {
        self.sessions.pin().retain(|_, expires| now < *expires);
        self.users.pin().retain(|_, (_, expires)| now < *expires);
    }

    /// Forgets every entry, and that the log was read.
    pub fn clear(&self) {
        self.sessions.pin().clear();
        self.users.pin().clear();
        self.followed_to.store(0, Ordering::Release);
    }

    /// How many entries are held.
    pub fn len(&self) -> usize {
        self.sessions.len() + self.users.len()
    }

    /// Whether nothing is revoked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
