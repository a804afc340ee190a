//! Reading one user.

use crate::flow::fault::faults;
use crate::flow::{Actor, Auth, Caller, Fault, View};
use crate::model::{State, User, UserId};
use crate::policy::{Action, Reach};

/// Why a user is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadUserError {
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// The actor may not see this user.
    #[error("this role may not see this user")]
    Forbidden,
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(ReadUserError);

/// The caller's own account.
pub async fn read_self(auth: &Auth, caller: Caller) -> Result<User, ReadUserError> {
    let user = auth.store.read().users().by_id(caller.user_id).await?;
    user.filter(|user| user.state(auth.clock.now()) != State::Deleted)
        .ok_or(ReadUserError::NotFound)
}

/// A user, in the view the actor may have of them. Deleted users are shown to those who could restore them.
pub async fn read_user(
    auth: &Auth,
    actor: Actor,
    id: UserId,
) -> Result<(User, View), ReadUserError> {
    let own = actor.is(id);
    let view = match Action::ReadUser.reach(actor.role()) {
        Reach::All => View::Full,
        _ if own => View::Full,
        Reach::Limited => View::Limited,
        // Whether an id exists is nobody's business who may not read it.
        _ => return Err(ReadUserError::Forbidden),
    };
    let user = auth
        .store
        .read()
        .users()
        .by_id(id)
        .await?
        .ok_or(ReadUserError::NotFound)?;
    if user.state(auth.clock.now()) == State::Deleted
        && !Action::RestoreUser.reach(actor.role()).is_some()
    {
        return Err(ReadUserError::NotFound);
    }
    Ok((user, view))
}
