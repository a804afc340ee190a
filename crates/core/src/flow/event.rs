//! Making security events.

use crate::flow::{Actor, Auth};
use crate::model::{Client, EventId, EventKind, SecurityEvent, SessionId, Timestamp, UserId};

/// Who acts, where it is no user.
const OPERATOR: &str = "operator";

/// An event about `subject`, to be appended in the transaction of what it tells of.
pub(crate) fn event(
    auth: &Auth,
    kind: EventKind,
    at: Timestamp,
    subject: Option<UserId>,
    client: &Client,
) -> SecurityEvent {
    SecurityEvent {
        id: EventId::new(at, auth.entropy.as_ref()),
        kind,
        at,
        actor: None,
        subject,
        session: None,
        ip_address: client.ip_address,
        user_agent: client.user_agent.clone(),
        request_id: client.request_id.clone(),
        detail: None,
    }
}

impl SecurityEvent {
    /// Done by this user themselves.
    pub(crate) fn by(mut self, actor: UserId) -> Self {
        self.actor = Some(actor);
        self
    }

    /// Done by whoever acts. The operator is no user, so the detail says so, before whatever else it says.
    pub(crate) fn by_actor(mut self, actor: Actor) -> Self {
        self.actor = actor.user_id();
        if actor == Actor::Operator {
            let more = self.detail.take();
            self.detail = Some(OPERATOR.into());
            if let Some(more) = more {
                self = self.detail(more);
            }
        }
        self
    }

    /// In or to this session.
    pub(crate) fn session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// A word more.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        self.detail = Some(match self.detail.as_deref() {
            Some(OPERATOR) => format!("{OPERATOR}, {detail}"),
            _ => detail,
        });
        self
    }
}
