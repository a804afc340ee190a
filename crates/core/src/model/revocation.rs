//! Revocations: what an issued access token no longer holds for (TOK-9).

use crate::model::{SessionId, Timestamp, UserId};

/// What is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Revoked {
    /// Every access token of one session.
    Session(SessionId),
    /// Every access token of a user that was issued before their token version became `version`. Sessions go on: the
    /// next refresh gives a token of the new version. Versions, not times, so that two events of one millisecond
    /// cannot be confused.
    UserBelow {
        /// The user.
        user: UserId,
        /// The lowest version still good.
        version: i64,
    },
}

/// An entry of the revocation log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// Place in the log: 1, 2, 3 … in the order of commit, without gaps.
    pub sequence: i64,
    /// What is revoked.
    pub revoked: Revoked,
    /// When.
    pub at: Timestamp,
    /// When the last access token it concerns has expired, and the entry may be forgotten.
    pub expires_at: Timestamp,
}
