//! Listing and ending single sessions (TOK-7).

use crate::flow::fault::faults;
use crate::flow::sign_out::EndOne;
use crate::flow::{Actor, Auth, Caller, Fault, ReadUserError};
use crate::model::{Client, EndReason, Session, SessionId, UserId};
use crate::policy::Action;

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
