//! Links that an administrator has sent to a user: to choose a new password, or to verify the address. Nobody chooses
//! another's password, and nobody but the operator sees the link.

use async_trait::async_trait;

use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::letters::{Posted, reset, verification};
use crate::flow::{Actor, Auth, Fault, ManageUserError};
use crate::model::{Client, EventKind, SecurityEvent, State, Timestamp, User, UserId};
use crate::policy::Action;
use crate::secret::Bearer;
use crate::store::{StoreError, Tx, Work};

/// Which link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkToSend {
    /// By which a new password is chosen. The old one stays good until then.
    Reset,
    /// By which the address is verified.
    Verification,
}

/// Has a link sent to a user.
#[derive(Debug)]
pub struct SendLink {
    /// Who has it sent.
    pub actor: Actor,
    /// To whom.
    pub user: UserId,
    /// Which.
    pub link: LinkToSend,
    /// From where.
    pub client: Client,
}

impl SendLink {
    /// Has the mail sent.
    pub async fn run(self, auth: &Auth) -> Result<(), ManageUserError> {
        let now = auth.clock.now();
        let target = self.target(auth).await?;
        let (posted, _) = self.letter(auth, &target, now)?;
        let work = Send {
            actor: self.actor,
            user: target.id,
            link: self.link,
            revision: target.revision,
            posted,
            by_mail: true,
            at: now,
            event: self.event(auth, now),
        };
        auth.commit(work).await?
    }

    /// Gives the link to the operator, to be handed over by other means than mail; `None` if somebody else asks.
    pub async fn run_and_show(self, auth: &Auth) -> Result<Option<Bearer>, ManageUserError> {
        if self.actor != Actor::Operator {
            return Ok(None);
        }
        let now = auth.clock.now();
        let target = self.target(auth).await?;
        let (posted, link) = self.letter(auth, &target, now)?;
        let work = Send {
            actor: self.actor,
            user: target.id,
            link: self.link,
            revision: target.revision,
            posted,
            by_mail: false,
            at: now,
            event: self.event(auth, now),
        };
        auth.commit(work).await??;
        Ok(Some(link))
    }

    async fn target(&self, auth: &Auth) -> Result<User, ManageUserError> {
        let target = auth.store.read().users().by_id(self.user).await?;
        match target {
            Some(user) => Ok(user),
            None if Action::UpdateUser.reaches_others(self.actor.role()) => {
                Err(ManageUserError::NotFound)
            }
            None => Err(ManageUserError::Forbidden),
        }
    }

    fn letter(
        &self,
        auth: &Auth,
        target: &User,
        now: Timestamp,
    ) -> Result<(Posted, Bearer), Fault> {
        match self.link {
            LinkToSend::Reset => reset(auth, target, now),
            LinkToSend::Verification => verification(auth, target, now),
        }
    }

    fn event(&self, auth: &Auth, now: Timestamp) -> SecurityEvent {
        let kind = match self.link {
            LinkToSend::Reset => EventKind::PasswordResetAsked,
            LinkToSend::Verification => EventKind::VerificationSent,
        };
        event(auth, kind, now, Some(self.user), &self.client).by_actor(self.actor)
    }
}

struct Send {
    actor: Actor,
    user: UserId,
    link: LinkToSend,
    revision: i64,
    posted: Posted,
    by_mail: bool,
    at: Timestamp,
    event: SecurityEvent,
}

#[async_trait]
impl Work for Send {
    type Output = Committed<Result<(), ManageUserError>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let refused = |error| Ok(Committed::plain(Err(error)));
        let Some(target) = tx.users().by_id(self.user).await? else {
            return refused(ManageUserError::NotFound);
        };
        // By the actor's role as it is now, not as their token tells it.
        let role = match self.actor {
            Actor::Operator => Some(self.actor.role()),
            Actor::Caller(caller) => tx
                .users()
                .by_id(caller.user_id)
                .await?
                .filter(|actor| actor.state(self.at) == State::Active)
                .map(|actor| actor.role),
        };
        let own = self.actor.is(target.id);
        if !role.is_some_and(|role| Action::UpdateUser.allows(role, target.role, own)) {
            return refused(ManageUserError::Forbidden);
        }
        if target.state(self.at) != State::Active {
            return refused(ManageUserError::Conflict(
                "This user is suspended or deleted.",
            ));
        }
        if self.link == LinkToSend::Verification && target.email_verified_at.is_some() {
            return refused(ManageUserError::Conflict(
                "The address of this user is verified.",
            ));
        }
        if target.revision != self.revision {
            return refused(ManageUserError::Conflict(
                "This user was changed just now; try again.",
            ));
        }
        if self.by_mail {
            self.posted.within(tx).await?;
        } else {
            tx.codes().put(&self.posted.code).await?;
        }
        tx.events().append(&self.event).await?;
        Ok(Committed::plain(Ok(())))
    }
}
