//! Listing and ending single sessions (TOK-7).

use async_trait::async_trait;

use crate::flow::auth::Committed;
use crate::flow::fault::faults;
use crate::flow::manage_user::present_role;
use crate::flow::sign_out::EndOne;
use crate::flow::{Actor, Auth, Caller, Fault, ManageUserError, ReadUserError};
use crate::model::{Client, EndReason, Session, SessionId, Timestamp, UserId};
use crate::policy::Action;
use crate::store::{StoreError, Tx, Work};

/// The caller's open sessions, last used first.
pub async fn list_sessions(auth: &Auth, caller: Caller) -> Result<Vec<Session>, Fault> {
    Ok(auth
        .store
        .read()
        .sessions()
        .open_of_user(caller.user_id, auth.clock.now())
        .await?)
}

/// The open sessions of a user whom the actor may manage.
pub async fn sessions_of(
    auth: &Auth,
    actor: Actor,
    user: UserId,
) -> Result<Vec<Session>, ReadUserError> {
    let mut read = auth.store.read();
    let Some(target) = read.users().by_id(user).await? else {
        let known = Action::ReadSessions.reaches_others(actor.role());
        return Err(if known {
            ReadUserError::NotFound
        } else {
            ReadUserError::Forbidden
        });
    };
    if !Action::ReadSessions.allows(actor.role(), target.role, actor.is(user)) {
        return Err(ReadUserError::Forbidden);
    }
    Ok(read.sessions().open_of_user(user, auth.clock.now()).await?)
}

/// Ends one of the caller's own sessions.
#[derive(Debug)]
pub struct EndSession {
    /// Who asks.
    pub caller: Caller,
    /// Which session.
    pub session: SessionId,
    /// From where.
    pub client: Client,
}

/// Why a session was not ended.
#[derive(Debug, thiserror::Error)]
pub enum EndSessionError {
    /// The caller has no such open session.
    #[error("there is no such session")]
    NotFound,
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(EndSessionError);

impl EndSession {
    /// Ends the session.
    pub async fn run(self, auth: &Auth) -> Result<(), EndSessionError> {
        let user = self.caller.user_id;
        let work = EndOne::new(
            auth,
            self.session,
            user,
            EndReason::EndedByUser,
            &self.client,
            |event| event.by(user),
        );
        match auth.commit(work).await? {
            true => Ok(()),
            false => Err(EndSessionError::NotFound),
        }
    }
}

/// Ends a session of a user whom the actor may sign out.
#[derive(Debug)]
pub struct EndSessionOf {
    /// Who does it.
    pub actor: Actor,
    /// Which session.
    pub session: SessionId,
    /// From where.
    pub client: Client,
}

impl EndSessionOf {
    /// Ends the session; [`ManageUserError::NotFound`] if there is no such open one.
    pub async fn run(self, auth: &Auth) -> Result<(), ManageUserError> {
        let found = auth.store.read().sessions().by_id(self.session).await?;
        let Some(session) = found else {
            return Err(ManageUserError::NotFound);
        };
        let end = EndOne::new(
            auth,
            session.id,
            session.user_id,
            EndReason::EndedByAdmin,
            &self.client,
            |event| event.by_actor(self.actor),
        );
        let work = EndOfOther {
            actor: self.actor,
            user: session.user_id,
            at: auth.clock.now(),
            end,
        };
        auth.commit(work).await?
    }
}

struct EndOfOther {
    actor: Actor,
    user: UserId,
    at: Timestamp,
    end: EndOne,
}

#[async_trait]
impl Work for EndOfOther {
    type Output = Committed<Result<(), ManageUserError>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let role = present_role(tx, self.actor, self.at).await?;
        let owner = tx.users().by_id(self.user).await?;
        let allowed = match (role, &owner) {
            (Some(role), Some(owner)) => {
                Action::SuspendUser.allows(role, owner.role, self.actor.is(owner.id))
            }
            _ => false,
        };
        if !allowed {
            return Ok(Committed::plain(Err(ManageUserError::Forbidden)));
        }
        let Committed {
            output,
            revocations,
        } = self.end.apply(tx).await?;
        let output = if output {
            Ok(())
        } else {
            Err(ManageUserError::NotFound)
        };
        Ok(Committed {
            output,
            revocations,
        })
    }
}
