//! Changing one's password (ACC-6): needs the current one, ends all other sessions, is told by mail.

use std::time::Duration;

use async_trait::async_trait;

use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::fault::faults;
use crate::flow::guess::{Proof, Right, Unproved, prove_password};
use crate::flow::mail_job::mail_job;
use crate::flow::mailbox::{Mailbox, may_write_to};
use crate::flow::new_password::hash_new;
use crate::flow::register::acceptable_password;
use crate::flow::sign_out::EndAll;
use crate::flow::void_links::void_with_password;
use crate::flow::{Auth, Caller, Fault};
use crate::model::{
    Client, EndReason, EventKind, FieldErrors, Invalid, Job, Letter, Mail, State, UserId,
};
use crate::password::Plain;
use crate::secret::PasswordHash;
use crate::store::{StoreError, Tx, Work};

/// Replaces the caller's password.
#[derive(Debug)]
pub struct ChangePassword {
    /// Who asks.
    pub caller: Caller,
    /// The password they have.
    pub current: Plain,
    /// The password they want, as typed.
    pub new: String,
    /// From where.
    pub client: Client,
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The current password is wrong, or the new one is not acceptable.
    #[error("the password was not changed")]
    Invalid(FieldErrors),
    /// Too many current passwords were wrong.
    #[error("too many wrong passwords")]
    Locked {
        /// For how long no other is looked at.
        retry_after: Duration,
    },
    /// The account cannot be signed in to any more.
    #[error("the account is gone")]
    Gone,
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(ChangePasswordError);

impl From<Unproved> for ChangePasswordError {
    fn from(unproved: Unproved) -> Self {
        match unproved {
            Unproved::Wrong => wrong_password(),
            Unproved::Locked(retry_after) => Self::Locked { retry_after },
            Unproved::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl ChangePassword {
    /// Changes the password.
    pub async fn run(self, auth: &Auth) -> Result<(), ChangePasswordError> {
        let user = auth.store.read().users().by_id(self.caller.user_id).await?;
        let user = user
            .filter(|user| user.state(auth.clock.now()) == State::Active)
            .ok_or(ChangePasswordError::Gone)?;
        let mut errors = FieldErrors::new();
        let new = acceptable_password(
            auth,
            "/newPassword",
            &self.new,
            &user.context_words(),
            &mut errors,
        );
        if new.as_ref() == Some(&self.current) {
            errors.add(
                "/newPassword",
                Invalid::new("unchanged", "The new password is the current one."),
            );
        }
        let new = new
            .filter(|_| errors.is_empty())
            .ok_or(ChangePasswordError::Invalid(errors))?;
        let proof = prove_password(auth, &user, self.caller, self.current, &self.client).await;
        let Proof { hash: old, right } = proof?;
        let hash = hash_new(auth, "/newPassword", new).await?;
        let now = auth.clock.now();
        let changed = event(
            auth,
            EventKind::PasswordChanged,
            now,
            Some(user.id),
            &self.client,
        )
        .by(user.id)
        .session(self.caller.session_id);
        let letter = Letter::PasswordChanged {
            at: now,
            ip_address: self.client.ip_address,
        };
        let notice = mail_job(auth, &Mail::to(&user, letter), Some(user.id), now)?;
        let work = ReplacePassword {
            user: user.id,
            mailbox: Mailbox::of_stranger(auth, &user, &notice.topic),
            notice,
            old,
            new: hash,
            right,
            end: EndAll {
                user: user.id,
                except: Some(self.caller.session_id),
                at: now,
                reason: EndReason::PasswordChanged,
                expires_at: auth.revocation_expiry(now),
                event: changed,
            },
        };
        match auth.commit(work).await? {
            true => Ok(()),
            false => Err(wrong_password()),
        }
    }
}

fn wrong_password() -> ChangePasswordError {
    let invalid = Invalid::new("wrong_password", "The current password is wrong.");
    ChangePasswordError::Invalid(("/currentPassword", invalid).into())
}

struct ReplacePassword {
    user: UserId,
    notice: Job,
    /// Who registered with a stranger's address must not write to them by changing their password all day.
    mailbox: Option<Mailbox>,
    old: PasswordHash,
    new: PasswordHash,
    right: Right,
    end: EndAll,
}

#[async_trait]
impl Work for ReplacePassword {
    /// Whether the password was still the one that was verified.
    type Output = Committed<bool>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let user = tx.users().by_id(self.user).await?;
        let Some(mut user) = user.filter(|user| user.password.as_ref() == Some(&self.old)) else {
            // Another change came first; the guess was right all the same.
            self.right.within(tx).await?;
            return Ok(Committed::plain(false));
        };
        user.password = Some(self.new.clone());
        user.password_changed_at = Some(self.end.at);
        user.updated_at = self.end.at;
        if !tx.users().update(&user).await? {
            return Err(StoreError::Contention);
        }
        void_with_password(tx, self.user).await?;
        if may_write_to(tx, self.mailbox, self.end.at).await? {
            tx.jobs().add(&self.notice).await?;
        }
        self.right.within(tx).await?;
        Ok(Committed {
            output: true,
            revocations: self.end.within(tx).await?,
        })
    }
}
