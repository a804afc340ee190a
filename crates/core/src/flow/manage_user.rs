//! What is done to accounts: roles, suspension, deletion, and their undoing (AUT-3, ACC-10).

use async_trait::async_trait;

use crate::flow::auth::{Committed, revoke};
use crate::flow::event::event;
use crate::flow::fault::faults;
use crate::flow::guess::{ThrottleNames, forget_guesses};
use crate::flow::sign_out::EndAll;
use crate::flow::void_links::{void_with_password_and_sessions, void_with_sessions};
use crate::flow::{Actor, Auth, Fault};
use crate::model::{
    Client, EndReason, EventKind, FieldErrors, Revocation, Revoked, Role, SecurityEvent, State,
    Suspension, Timestamp, User, UserId,
};
use crate::policy::Action;
use crate::secret::PasswordHash;
use crate::store::{StoreError, Tx, Work};

/// What is done.
#[derive(Debug, Clone)]
pub enum Measure {
    /// Gives another role. Issued access tokens with the old one are refused at once; sessions go on.
    ChangeRole(Role),
    /// Suspends an active account and ends its sessions.
    Suspend {
        /// When it lifts by itself.
        until: Option<Timestamp>,
        /// Why.
        reason: Option<String>,
    },
    /// Lifts a suspension.
    Reactivate,
    /// Deletes an account, which can be restored, and ends its sessions.
    Delete,
    /// Restores a deleted account.
    Restore,
    /// Lifts every lock that wrong passwords brought about.
    Unlock,
    /// Ends every session.
    EndSessions,
    /// Says that the address is the user's: the operator's command only.
    VerifyEmail,
    /// Puts another password and ends every session: the operator's command only, for an administrator may start a
    /// reset but never chooses a password.
    SetPassword(PasswordHash),
}

/// Does something to an account.
#[derive(Debug)]
pub struct ManageUser {
    /// Who does it.
    pub actor: Actor,
    /// To whom.
    pub user: UserId,
    /// What.
    pub measure: Measure,
    /// From where.
    pub client: Client,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum ManageUserError {
    /// There is no such user, or they are deleted.
    #[error("there is no such user")]
    NotFound,
    /// The actor may not do this to this user.
    #[error("this role may not do that to this user")]
    Forbidden,
    /// Something given is not acceptable.
    #[error("the change is not acceptable")]
    Invalid(FieldErrors),
    /// The account is not in the state this begins from; the text says in which it is.
    #[error("{0}")]
    Conflict(&'static str),
    /// It would leave nobody who may do everything.
    #[error("the last super admin cannot be demoted, suspended or deleted")]
    LastSuperAdmin,
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(ManageUserError);

impl ManageUser {
    /// Does it, and gives the user as they are now.
    pub async fn run(self, auth: &Auth) -> Result<User, ManageUserError> {
        let now = auth.clock.now();
        let told = event(
            auth,
            self.measure.kind(),
            now,
            Some(self.user),
            &self.client,
        )
        .by_actor(self.actor);
        let told = match &self.measure {
            Measure::ChangeRole(role) => told.detail(role.as_str()),
            Measure::EndSessions => told.detail("all"),
            _ => told,
        };
        let work = Apply {
            actor: self.actor,
            user: self.user,
            measure: self.measure,
            at: now,
            expires_at: auth.revocation_expiry(now),
            names: auth.throttle_names.clone(),
            event: told,
        };
        auth.commit(work).await?
    }
}

impl Measure {
    /// The row of the permission matrix that it is judged by.
    pub fn action(&self) -> Action {
        match self {
            Self::ChangeRole(_) => Action::ChangeRole,
            Self::Suspend { .. } | Self::Reactivate | Self::Unlock | Self::EndSessions => {
                Action::SuspendUser
            }
            Self::Delete => Action::DeleteUser,
            Self::Restore => Action::RestoreUser,
            Self::SetPassword(_) | Self::VerifyEmail => Action::OperateSystem,
        }
    }

    fn kind(&self) -> EventKind {
        match self {
            Self::ChangeRole(_) => EventKind::RoleChanged,
            Self::Suspend { .. } => EventKind::UserSuspended,
            Self::Reactivate => EventKind::UserReactivated,
            Self::Delete => EventKind::UserDeleted,
            Self::Restore => EventKind::UserRestored,
            Self::Unlock => EventKind::AccountUnlocked,
            Self::EndSessions => EventKind::SessionEnded,
            Self::SetPassword(_) => EventKind::PasswordSet,
            Self::VerifyEmail => EventKind::EmailVerified,
        }
    }

    /// Why the sessions of the user end by it, if they do.
    fn ends_sessions(&self) -> Option<EndReason> {
        match self {
            Self::Suspend { .. } => Some(EndReason::Suspended),
            Self::Delete => Some(EndReason::Deleted),
            Self::EndSessions => Some(EndReason::EndedByAdmin),
            Self::SetPassword(_) => Some(EndReason::PasswordChanged),
            Self::ChangeRole(_)
            | Self::Reactivate
            | Self::Restore
            | Self::Unlock
            | Self::VerifyEmail => None,
        }
    }

    /// Whether it takes power from a super admin.
    fn demotes(&self) -> bool {
        match self {
            Self::ChangeRole(role) => !role.is_superuser(),
            Self::Suspend { .. } | Self::Delete => true,
            _ => false,
        }
    }

    /// Changes the user, if their state is one this begins from.
    fn change(&self, user: &mut User, at: Timestamp) -> Result<(), ManageUserError> {
        let state = user.state(at);
        match self {
            Self::Restore => {
                if state != State::Deleted {
                    return Err(ManageUserError::Conflict("The account is not deleted."));
                }
                user.standing.deleted_at = None;
            }
            _ if state == State::Deleted => return Err(ManageUserError::NotFound),
            Self::Suspend { until, reason } => {
                if state == State::Suspended {
                    return Err(ManageUserError::Conflict(
                        "The account is suspended already.",
                    ));
                }
                user.standing.suspension = Some(Suspension {
                    at,
                    until: *until,
                    reason: reason.clone(),
                });
            }
            Self::Reactivate => {
                if state != State::Suspended {
                    return Err(ManageUserError::Conflict("The account is not suspended."));
                }
                user.standing.suspension = None;
            }
            Self::Delete => user.standing.deleted_at = Some(at),
            Self::ChangeRole(role) => {
                if user.role == *role {
                    return Err(ManageUserError::Conflict(
                        "The account has that role already.",
                    ));
                }
                user.role = *role;
                user.token_version += 1;
            }
            Self::SetPassword(hash) => {
                user.password = Some(hash.clone());
                user.password_changed_at = Some(at);
            }
            Self::Unlock => return Ok(()),
            Self::VerifyEmail => {
                if user.email_verified_at.is_some() {
                    return Err(ManageUserError::Conflict(
                        "The address is verified already.",
                    ));
                }
                user.verify_email(at);
            }
            Self::EndSessions => {}
        }
        user.updated_at = at;
        Ok(())
    }
}

/// The actor's role as it is now, not as their token tells it, so that of two administrators who demote each other one
/// comes first; `None` if they may do nothing any more.
pub(crate) async fn present_role(
    tx: &mut dyn Tx,
    actor: Actor,
    at: Timestamp,
) -> Result<Option<Role>, StoreError> {
    match actor {
        Actor::Operator => Ok(Some(Role::SuperAdmin)),
        Actor::Caller(caller) => Ok(tx
            .users()
            .by_id(caller.user_id)
            .await?
            .filter(|actor| actor.state(at) == State::Active)
            .map(|actor| actor.role)),
    }
}

struct Apply {
    actor: Actor,
    user: UserId,
    measure: Measure,
    at: Timestamp,
    expires_at: Timestamp,
    names: ThrottleNames,
    event: SecurityEvent,
}

#[async_trait]
impl Work for Apply {
    type Output = Committed<Result<User, ManageUserError>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        if self.measure.demotes() || matches!(self.measure, Measure::ChangeRole(_)) {
            tx.setup().lock_super_admins().await?;
        }
        let Some(mut user) = tx.users().by_id(self.user).await? else {
            let known = self.measure.action().reaches_others(self.actor.role());
            let refused = if known {
                ManageUserError::NotFound
            } else {
                ManageUserError::Forbidden
            };
            return Ok(Committed::plain(Err(refused)));
        };
        if !self.allowed(tx, &user).await? {
            return Ok(Committed::plain(Err(ManageUserError::Forbidden)));
        }
        let powerful = user.role.is_superuser() && user.state(self.at) == State::Active;
        if let Err(rejected) = self.measure.change(&mut user, self.at) {
            return Ok(Committed::plain(Err(rejected)));
        }
        if powerful && self.measure.demotes() && tx.users().count_super_admins().await? <= 1 {
            return Ok(Committed::plain(Err(ManageUserError::LastSuperAdmin)));
        }
        if !tx.users().update(&user).await? {
            return Err(StoreError::Contention);
        }
        user.revision += 1;
        if user.role.is_superuser() {
            tx.setup().close(self.at).await?;
        }
        if matches!(self.measure, Measure::Unlock | Measure::SetPassword(_)) {
            forget_guesses(tx, &self.names, &user).await?;
        }
        if let Measure::SetPassword(_) = self.measure {
            void_with_password_and_sessions(tx, user.id).await?;
        } else if self.measure.ends_sessions().is_some() {
            void_with_sessions(tx, user.id).await?;
        }
        let revocations = self.consequences(tx, &user).await?;
        Ok(Committed {
            output: Ok(user),
            revocations,
        })
    }
}

impl Apply {
    async fn allowed(&self, tx: &mut dyn Tx, target: &User) -> Result<bool, StoreError> {
        let Some(role) = present_role(tx, self.actor, self.at).await? else {
            return Ok(false);
        };
        let grants = match &self.measure {
            Measure::ChangeRole(granted) => Action::ChangeRole.grants(role, *granted),
            _ => true,
        };
        Ok(grants
            && self
                .measure
                .action()
                .allows(role, target.role, self.actor.is(target.id)))
    }

    async fn consequences(
        &self,
        tx: &mut dyn Tx,
        user: &User,
    ) -> Result<Vec<Revocation>, StoreError> {
        if let Some(reason) = self.measure.ends_sessions() {
            let end = EndAll {
                user: user.id,
                except: None,
                at: self.at,
                reason,
                expires_at: self.expires_at,
                event: self.event.clone(),
            };
            return end.within(tx).await;
        }
        tx.events().append(&self.event).await?;
        if let Measure::ChangeRole(_) = self.measure {
            let below = Revoked::UserBelow {
                user: user.id,
                version: user.token_version,
            };
            return Ok(vec![revoke(tx, below, self.at, self.expires_at).await?]);
        }
        Ok(Vec::new())
    }
}
