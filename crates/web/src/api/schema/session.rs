//! Sessions.

use ntt_auth_core::model::{Session, SessionId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// A session: one sign-in and the refreshes that followed it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session, example = json!({
    "sessionId": "0199a6f2-8d41-7e0a-8c3b-6f5e4d3c2b1a",
    "createdAt": "2026-01-02T03:04:05.678Z",
    "lastUsedAt": "2026-01-02T09:10:11.121Z",
    "expiresAt": "2026-01-09T09:10:11.121Z",
    "deviceName": "Ada's phone",
    "userAgent": "ExampleApp/3.1 (Android 16)",
    "ipAddress": "203.0.113.7",
    "current": true,
}))]
pub(crate) struct SessionBody {
    /// The `sid` of its tokens.
    #[schema(value_type = String, format = Uuid)]
    session_id: SessionId,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last refreshed.
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Timestamp,
    /// When it ends unless refreshed before.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// What the client called the device.
    #[schema(required)]
    device_name: Option<String>,
    /// The `User-Agent` of the last refresh.
    #[schema(required)]
    user_agent: Option<String>,
    /// The address of the last refresh.
    #[schema(required)]
    ip_address: Option<String>,
    /// Whether it is the session of this request.
    current: bool,
}

impl SessionBody {
    /// Shows `session`; `current` is that of the request.
    pub(crate) fn of(session: Session, current: Option<SessionId>) -> Self {
        Self {
            session_id: session.id,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.idle_expires_at.min(session.expires_at),
            current: current == Some(session.id),
            device_name: session.client.device_name,
            user_agent: session.client.user_agent,
            ip_address: session.client.ip_address.map(|address| address.to_string()),
        }
    }
}

/// All open sessions of a user, last used first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionList {
    /// The sessions.
    items: Vec<SessionBody>,
    /// Always `null`: the list has one page.
    #[schema(required, example = json!(null))]
    next_cursor: Option<String>,
}

impl SessionList {
    /// Shows `sessions`; `current` is that of the request.
    pub(crate) fn of(sessions: Vec<Session>, current: Option<SessionId>) -> Self {
        let items = sessions
            .into_iter()
            .map(|session| SessionBody::of(session, current))
            .collect();
        Self {
            items,
            next_cursor: None,
        }
    }
}
