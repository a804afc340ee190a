//! Revocations, as those who validate tokens by themselves are told of them (TOK-10).

use std::time::Duration;

use ntt_auth_core::model::{Revoked, SessionId, Timestamp, UserId};
use ntt_auth_core::token::InForce;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// What is revoked: the tokens of a session, or those of a user that are older than a version.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RevokedKind {
    /// Tokens whose `sid` is `sessionId`.
    Session,
    /// Tokens whose `sub` is `userId` and whose `ver` is less than `minVersion`.
    User,
}

/// One revocation: all that a service needs to refuse the tokens it concerns.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Revocation, example = json!({
    "kind": "session",
    "sessionId": "0199a6f2-8d41-7e0a-8c3b-6f5e4d3c2b1a",
    "expiresAt": "2026-01-02T04:04:15.000Z",
}))]
pub(crate) struct RevocationBody {
    /// What is revoked.
    #[schema(inline)]
    kind: RevokedKind,
    /// The session; with `kind` `session`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, format = Uuid)]
    session_id: Option<SessionId>,
    /// The user; with `kind` `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, format = Uuid)]
    user_id: Option<UserId>,
    /// The least `ver` of their tokens that still holds; with `kind` `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false)]
    min_version: Option<i64>,
    /// When every token it concerns has expired, and it may be forgotten.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl RevocationBody {
    /// As it is told.
    pub(crate) fn of(entry: &InForce) -> Self {
        let (kind, session_id, user_id, min_version) = match entry.revoked {
            Revoked::Session(session) => (RevokedKind::Session, Some(session), None, None),
            Revoked::UserBelow { user, version } => {
                (RevokedKind::User, None, Some(user), Some(version))
            }
        };
        Self {
            kind,
            session_id,
            user_id,
            min_version,
            expires_at: entry.expires_at,
        }
    }
}

/// How far the answering node has read the revocation log, and how fresh that is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RevocationHead, example = json!({
    "sequence": 105, "asOf": "2026-01-02T03:04:05.678Z", "ageMs": 120
}))]
pub(crate) struct HeadBody {
    /// The number of the newest entry.
    #[schema(minimum = 0)]
    sequence: i64,
    /// When the node has last read everything there was.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
    /// How long ago that was, in milliseconds: a measure that needs no clocks to agree.
    age_ms: u32,
}

impl HeadBody {
    /// As it is now.
    pub(crate) fn of(app: &App) -> Self {
        Self {
            sequence: app.auth.feed().head().sequence(),
            as_of: app.auth.revoked().followed_at(),
            age_ms: whole_millis(app.auth.revocation_lag()),
        }
    }
}

/// Milliseconds, as many as fit.
fn whole_millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// Revocations, and where to go on from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RevocationPage, example = json!({
    "snapshot": false,
    "nextCursor": "106-5be0c7d1",
    "more": false,
    "head": { "sequence": 106, "asOf": "2026-01-02T03:04:05.678Z", "ageMs": 120 },
    "entries": [
        {
            "kind": "session",
            "sessionId": "0199a6f2-8d41-7e0a-8c3b-6f5e4d3c2b1a",
            "expiresAt": "2026-01-02T04:04:15.000Z",
        },
        {
            "kind": "user",
            "userId": "0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f",
            "minVersion": 3,
            "expiresAt": "2026-01-02T04:04:15.000Z",
        },
    ],
}))]
pub(crate) struct RevocationPage {
    /// Whether this is everything that is in force, or only what came after a place.
    pub(crate) snapshot: bool,
    /// Send it as `after` to go on from here.
    pub(crate) next_cursor: String,
    /// Whether there are further entries already.
    pub(crate) more: bool,
    /// How far the answering node has read, and how fresh that is.
    pub(crate) head: HeadBody,
    /// The revocations.
    pub(crate) entries: Vec<RevocationBody>,
}
