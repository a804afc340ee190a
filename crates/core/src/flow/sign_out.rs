//! Signing out (TOK-7).

use async_trait::async_trait;

use crate::flow::auth::{Committed, revoke};
use crate::flow::event::event;
use crate::flow::{Auth, Caller, Fault};
use crate::model::{
    Client, EndReason, EventKind, Revoked, SecurityEvent, SessionId, Timestamp, UserId,
};
use crate::store::{StoreError, Tx, Work};
use crate::token::RefreshToken;

/// Ends the session of an access token, of a refresh token, or of both. What names no open session is no error: the
/// client is signed out either way.
#[derive(Debug)]
pub struct SignOut {
    /// Whose access token was presented, if it still holds.
    pub caller: Option<Caller>,
    /// A refresh token, if one was given.
    pub refresh_token: Option<String>,
    /// Who asks.
    pub client: Client,
}

impl SignOut {
    /// Signs out.
    pub async fn run(self, auth: &Auth) -> Result<(), Fault> {
        let mut sessions: Vec<(SessionId, UserId)> = self
            .caller
            .iter()
            .map(|caller| (caller.session_id, caller.user_id))
            .collect();
        if let Some(token) = self
            .refresh_token
            .and_then(|text| RefreshToken::parse(&text).ok())
            && let Some(session) = auth.store.read().sessions().by_id(token.session()).await?
            && auth.refresh_tokens.is_genuine(&token, &session.seed)
            && !sessions.iter().any(|(id, _)| *id == session.id)
        {
            sessions.push((session.id, session.user_id));
        }
        // In one order, so that no two who end the same wait for each other.
        sessions.sort_unstable_by_key(|(session, _)| *session);
        let ends: Vec<_> = sessions
            .into_iter()
            .map(|(session, user)| {
                let reason = EndReason::SignedOut;
                EndOne::new(auth, session, user, reason, &self.client, |event| {
                    event.by(user)
                })
            })
            .collect();
        match ends.is_empty() {
            true => Ok(()),
            false => Ok(auth.commit(EndEach(ends)).await?),
        }
    }
}

/// Ends several sessions, those of them that are open.
struct EndEach(Vec<EndOne>);

#[async_trait]
impl Work for EndEach {
    type Output = Committed<()>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let mut revocations = Vec::new();
        for end in &self.0 {
            revocations.extend(end.apply(tx).await?.revocations);
        }
        Ok(Committed {
            output: (),
            revocations,
        })
    }
}

/// Ends every session of the caller.
#[derive(Debug)]
pub struct SignOutEverywhere {
    /// Who asks.
    pub caller: Caller,
    /// From where.
    pub client: Client,
}

impl SignOutEverywhere {
    /// Signs out everywhere.
    pub async fn run(self, auth: &Auth) -> Result<(), Fault> {
        let now = auth.clock.now();
        let user = self.caller.user_id;
        let work = EndAll {
            user,
            except: None,
            at: now,
            reason: EndReason::SignedOut,
            expires_at: auth.revocation_expiry(now),
            event: event(auth, EventKind::SessionEnded, now, Some(user), &self.client)
                .by(user)
                .detail("all"),
        };
        Ok(auth.commit(work).await?)
    }
}

/// Ends one session of a user.
pub(crate) struct EndOne {
    session: SessionId,
    user: UserId,
    at: Timestamp,
    reason: EndReason,
    expires_at: Timestamp,
    event: SecurityEvent,
}

impl EndOne {
    pub(crate) fn new(
        auth: &Auth,
        session: SessionId,
        user: UserId,
        reason: EndReason,
        client: &Client,
        by: impl FnOnce(SecurityEvent) -> SecurityEvent,
    ) -> Self {
        let at = auth.clock.now();
        let event = event(auth, EventKind::SessionEnded, at, Some(user), client)
            .session(session)
            .detail(reason.as_str());
        Self {
            session,
            user,
            at,
            reason,
            expires_at: auth.revocation_expiry(at),
            event: by(event),
        }
    }
}

#[async_trait]
impl Work for EndOne {
    /// Whether there was such an open session.
    type Output = Committed<bool>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let session = tx.sessions().by_id(self.session).await?;
        if session.is_none_or(|session| session.user_id != self.user)
            || !tx
                .sessions()
                .end(self.session, self.at, self.reason)
                .await?
        {
            return Ok(Committed::plain(false));
        }
        let revoked = revoke(tx, Revoked::Session(self.session), self.at, self.expires_at).await?;
        tx.events().append(&self.event).await?;
        Ok(Committed {
            output: true,
            revocations: vec![revoked],
        })
    }
}

/// Ends all sessions of a user, but one if so wished.
pub(crate) struct EndAll {
    pub(crate) user: UserId,
    pub(crate) except: Option<SessionId>,
    pub(crate) at: Timestamp,
    pub(crate) reason: EndReason,
    pub(crate) expires_at: Timestamp,
    pub(crate) event: SecurityEvent,
}

impl EndAll {
    /// Ends the sessions and revokes their tokens within a transaction that may do more.
    pub(crate) async fn within(
        &self,
        tx: &mut dyn Tx,
    ) -> Result<Vec<crate::model::Revocation>, StoreError> {
        let ended = tx
            .sessions()
            .end_all_of_user(self.user, self.except, self.at, self.reason)
            .await?;
        let mut revocations = Vec::with_capacity(ended.len());
        for session in ended {
            revocations
                .push(revoke(tx, Revoked::Session(session), self.at, self.expires_at).await?);
        }
        tx.events().append(&self.event).await?;
        Ok(revocations)
    }
}

#[async_trait]
impl Work for EndAll {
    type Output = Committed<()>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        Ok(Committed {
            output: (),
            revocations: self.within(tx).await?,
        })
    }
}
