//! Refreshing (TOK-5): each use of a refresh token rotates it; a replay ends the session, but for the same client's
//! own retries within a short grace, which get the same successor again.

use async_trait::async_trait;

use crate::flow::auth::{Committed, revoke};
use crate::flow::event::event;
use crate::flow::fault::faults;
use crate::flow::{Auth, Fault, Tokens};
use crate::model::{
    Client, ClientMark, EndReason, EventKind, Revoked, SecurityEvent, Session, State, Timestamp,
    User,
};
use crate::policy::Action;
use crate::store::{Rotation, StoreError, Tx, Work};
use crate::token::RefreshToken;

/// Uses a refresh token.
#[derive(Debug)]
pub struct Refresh {
    /// The token as presented.
    pub token: String,
    /// Who presents it.
    pub client: Client,
}

/// Why a refresh token was refused. Every variant but the fault means: sign in again.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Not a token of ours, or its session has ended.
    #[error("the refresh token is not valid")]
    Invalid,
    /// Its session has expired.
    #[error("the refresh token has expired")]
    Expired,
    /// It was used before: the session has been ended.
    #[error("the refresh token was used before")]
    Reused,
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(RefreshError);

impl Refresh {
    /// Rotates the token and gives its successor with a new access token.
    pub async fn run(self, auth: &Auth) -> Result<Tokens, RefreshError> {
        let token = RefreshToken::parse(&self.token).map_err(|_| RefreshError::Invalid)?;
        let now = auth.clock.now();
        let session = auth
            .store
            .read()
            .sessions()
            .by_id(token.session())
            .await?
            .ok_or(RefreshError::Invalid)?;
        if !auth.refresh_tokens.is_genuine(&token, &session.seed) {
            return Err(RefreshError::Invalid);
        }
        let mark = ClientMark::of(&self.client);
        let device_name = session.client.device_name.clone();
        let work = Rotate {
            rotation: Rotation {
                id: token.session(),
                generation: token.generation(),
                at: now,
                idle_expires_at: now.plus(auth.rules.sessions.idle),
                client: Client {
                    device_name,
                    ..self.client.clone()
                },
                mark,
            },
            session,
            grace: auth.rules.refresh.grace,
            revocation_expiry: auth.revocation_expiry(now),
            reused: event(auth, EventKind::RefreshTokenReused, now, None, &self.client)
                .session(token.session())
                .detail(format!("generation {}", token.generation())),
        };
        let (user, session) = auth.commit(work).await??;
        Ok(Tokens::of(auth, user, &session, now)?)
    }
}

struct Rotate {
    rotation: Rotation,
    /// As read before the transaction. Only what never changes of it is trusted.
    session: Session,
    grace: std::time::Duration,
    revocation_expiry: Timestamp,
    reused: SecurityEvent,
}

/// What a rejection is, short of a fault: it is committed with whatever it entails.
type Outcome = Result<(User, Session), Refused>;

#[derive(Debug, Clone, Copy)]
enum Refused {
    Invalid,
    Expired,
    Reused,
}

impl From<Refused> for RefreshError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Invalid => Self::Invalid,
            Refused::Expired => Self::Expired,
            Refused::Reused => Self::Reused,
        }
    }
}

#[async_trait]
impl Work for Rotate {
    type Output = Committed<Outcome>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let rotation = &self.rotation;
        // The account is looked at inside the transaction: a suspension ends sessions in the same way, so of the two
        // whichever commits first decides.
        let user = tx.users().by_id(self.session.user_id).await?;
        let may_refresh = |user: &User| {
            user.state(rotation.at) == State::Active
                && Action::HoldSession.reach(user.role).is_some()
        };
        let Some(user) = user.filter(may_refresh) else {
            return Ok(Committed::plain(Err(Refused::Invalid)));
        };
        if tx.sessions().rotate(rotation).await? {
            let session = Session {
                generation: rotation.generation + 1,
                idle_expires_at: rotation.idle_expires_at,
                ..self.session.clone()
            };
            return Ok(Committed::plain(Ok((user, session))));
        }
        let Some(session) = tx.sessions().by_id(rotation.id).await? else {
            return Ok(Committed::plain(Err(Refused::Invalid)));
        };
        if session.ended.is_some() || session.generation < rotation.generation {
            return Ok(Committed::plain(Err(Refused::Invalid)));
        }
        if !session.is_open(rotation.at) {
            return Ok(Committed::plain(Err(Refused::Expired)));
        }
        if self.is_retry(&session) {
            return Ok(Committed::plain(Ok((user, session))));
        }
        let reason = EndReason::RefreshTokenReused;
        tx.sessions().end(session.id, rotation.at, reason).await?;
        let revoked = revoke(
            tx,
            Revoked::Session(session.id),
            rotation.at,
            self.revocation_expiry,
        )
        .await?;
        tx.events()
            .append(&SecurityEvent {
                subject: Some(user.id),
                ..self.reused.clone()
            })
            .await?;
        Ok(Committed {
            output: Err(Refused::Reused),
            revocations: vec![revoked],
        })
    }
}

impl Rotate {
    /// Whether this is the same client using the last token again, shortly after, while its successor is unused. The
    /// clocks of two nodes may differ, so a rotation "in the future" counts as just now.
    fn is_retry(&self, session: &Session) -> bool {
        session.generation == self.rotation.generation + 1
            && session.rotated_by == self.rotation.mark
            && self.rotation.at.since(session.rotated_at) <= self.grace
    }
}
