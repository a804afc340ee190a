//! The revocations in force, in memory: asked at every validation, without a lock and without the store.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use papaya::HashMap;

use crate::model::{Revocation, Revoked, SessionId, Timestamp, UserId};
use crate::token::AccessToken;

/// What the revocation log says, as far as this node has read it.
pub struct RevokedSet {
    sessions: HashMap<SessionId, Timestamp>,
    users: HashMap<UserId, (i64, Timestamp)>,
    followed_at: AtomicI64,
    /// When the log was last followed, in milliseconds of the clock that nobody sets; [`NEVER`] before the first time.
    followed_since: AtomicU64,
}

const NEVER: u64 = u64::MAX;

/// Something that is revoked, and until when that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce {
    /// What is revoked.
    pub revoked: Revoked,
    /// When the last access token it concerns has expired.
    pub expires_at: Timestamp,
}

impl Default for RevokedSet {
    fn default() -> Self {
        Self {
            sessions: HashMap::new(),
            users: HashMap::new(),
            followed_at: AtomicI64::new(0),
            followed_since: AtomicU64::new(NEVER),
        }
    }
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

    /// Everything that is in force at `now`, in no order.
    pub fn in_force(&self, now: Timestamp) -> Vec<InForce> {
        let sessions = self.sessions.pin();
        let users = self.users.pin();
        let sessions = sessions.iter().map(|(session, expires)| InForce {
            revoked: Revoked::Session(*session),
            expires_at: *expires,
        });
        let users = users.iter().map(|(user, (version, expires))| InForce {
            revoked: Revoked::UserBelow {
                user: *user,
                version: *version,
            },
            expires_at: *expires,
        });
        sessions
            .chain(users)
            .filter(|entry| now < entry.expires_at)
            .collect()
    }

    /// Notes that the whole log was read, by a reading that began at `now`, which was `since` on the clock that nobody
    /// sets. Only the follower calls this: what the node wrote itself says nothing of what others wrote.
    pub fn note_followed(&self, now: Timestamp, since: Duration) {
        self.followed_at.store(now.millis(), Ordering::Release);
        self.followed_since.store(millis(since), Ordering::Release);
    }

    /// When the log was last read.
    pub fn followed_at(&self) -> Timestamp {
        Timestamp::from_millis(self.followed_at.load(Ordering::Acquire))
    }

    /// How long ago the log was last read, when the clock that nobody sets says `since`. [`Duration::MAX`] if it never
    /// was.
    pub fn lag(&self, since: Duration) -> Duration {
        match self.followed_since.load(Ordering::Acquire) {
            NEVER => Duration::MAX,
            followed => Duration::from_millis(millis(since).saturating_sub(followed)),
        }
    }

    /// Forgets entries whose tokens have all expired.
    pub fn purge(&self, now: Timestamp) {
        self.sessions.pin().retain(|_, expires| now < *expires);
        self.users.pin().retain(|_, (_, expires)| now < *expires);
    }

    /// Forgets every entry.
    pub fn clear(&self) {
        self.sessions.pin().clear();
        self.users.pin().clear();
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

fn millis(since: Duration) -> u64 {
    u64::try_from(since.as_millis()).unwrap_or(NEVER - 1)
}
