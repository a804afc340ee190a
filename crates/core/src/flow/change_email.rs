//! Moving an account to another address (ACC-8): confirmed at the new one, announced at the old one.

use std::time::Duration;

use async_trait::async_trait;

use crate::flow::ask_for_mail::request_job;
use crate::flow::auth::{Committed, revoke};
use crate::flow::event::event;
use crate::flow::fault::faults;
use crate::flow::guess::{Right, ThrottleNames, Unproved, forget_renamed, prove_password};
use crate::flow::links::find;
use crate::flow::mail_job::mail_job;
use crate::flow::mailbox::{Mailbox, Pace, may_write, may_write_to};
use crate::flow::register::{look_again, taken};
use crate::flow::{Auth, Caller, Fault, LinkError};
use crate::model::{
    Client, CodeHash, CodeKind, Email, EventKind, FieldErrors, Invalid, Job, JobKind, Letter, Mail,
    Revoked, SecurityEvent, State, Timestamp, UserId,
};
use crate::password::Plain;
use crate::store::{StoreError, Tx, Unique, Work};

/// Asks to move the caller's account to another address.
#[derive(Debug)]
pub struct ChangeEmail {
    /// Who asks.
    pub caller: Caller,
    /// The address they want, as typed.
    pub new: String,
    /// The password they have.
    pub current: Plain,
    /// From where.
    pub client: Client,
}

/// Why no mail was sent to a new address.
#[derive(Debug, thiserror::Error)]
pub enum ChangeEmailError {
    /// The current password is wrong, or the new address is not acceptable.
    #[error("the address was not changed")]
    Invalid(FieldErrors),
    /// Too many current passwords were wrong.
    #[error("too many wrong passwords")]
    Locked {
        /// For how long no other is looked at.
        retry_after: Duration,
    },
    /// A mail was sent a short while ago; another may be asked for after so many seconds.
    #[error("a mail was sent a short while ago")]
    TooSoon(u64),
    /// The account cannot be signed in to any more.
    #[error("the account is gone")]
    Gone,
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(ChangeEmailError);

impl From<Unproved> for ChangeEmailError {
    fn from(unproved: Unproved) -> Self {
        match unproved {
            Unproved::Wrong => {
                let wrong = Invalid::new("wrong_password", "The current password is wrong.");
                refused("/currentPassword", wrong)
            }
            Unproved::Locked(retry_after) => Self::Locked { retry_after },
            Unproved::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl ChangeEmail {
    /// Has a mail sent to the new address. Nothing has changed until its link is followed.
    pub async fn run(self, auth: &Auth) -> Result<(), ChangeEmailError> {
        let user = auth.store.read().users().by_id(self.caller.user_id).await?;
        let user = user
            .filter(|user| user.state(auth.clock.now()) == State::Active)
            .ok_or(ChangeEmailError::Gone)?;
        let new = Email::parse(&self.new).map_err(|invalid| refused("/newEmail", invalid))?;
        if new == user.email {
            let same = Invalid::new("unchanged", "This is the address the account has.");
            return Err(refused("/newEmail", same));
        }
        let proof = prove_password(auth, &user, self.caller, self.current, &self.client).await?;
        if !auth.rules.accounts.enumeration_protection {
            let owner = auth.store.read().users().by_email(&new.folded()).await?;
            if owner.is_some_and(|owner| owner.id != user.id) {
                return Err(refused("/newEmail", TAKEN));
            }
        }
        let pace = Pace::of(auth);
        let work = Ask {
            user: user.id,
            job: request_job(auth, JobKind::ChangeEmail, &new, Some(&user), &self.client)?,
            right: proof.right,
            pace,
            at: auth.clock.now(),
        };
        match auth.commit(work).await? {
            true => Ok(()),
            false => Err(ChangeEmailError::TooSoon(pace.seconds())),
        }
    }
}

const TAKEN: Invalid = Invalid::new("taken", "This email address is registered already.");

fn refused(field: &'static str, invalid: Invalid) -> ChangeEmailError {
    ChangeEmailError::Invalid((field, invalid).into())
}

struct Ask {
    user: UserId,
    right: Right,
    job: Job,
    pace: Pace,
    at: Timestamp,
}

#[async_trait]
impl Work for Ask {
    /// Whether it was not too soon.
    type Output = Committed<bool>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let allowed = may_write(tx, self.pace, self.user, &self.job.topic, self.at).await?;
        if allowed {
            tx.jobs().add(&self.job).await?;
        }
        self.right.within(tx).await?;
        Ok(Committed::plain(allowed))
    }
}

/// Follows the link of the mail to the new address. Doing so again is no error.
#[derive(Debug)]
pub struct ConfirmEmailChange {
    /// The token of the link.
    pub token: String,
    /// From where.
    pub client: Client,
}

/// Why an account was not moved.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmEmailChangeError {
    /// The link was used, replaced, has expired, or never was one.
    #[error("this link is not good any more")]
    Closed,
    /// Another account has the address by now.
    #[error("this address is taken")]
    Taken,
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(ConfirmEmailChangeError);

impl From<LinkError> for ConfirmEmailChangeError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Closed => Self::Closed,
            LinkError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl ConfirmEmailChange {
    /// Moves the account. Access tokens that name the old address are refused at once; sessions go on.
    pub async fn run(self, auth: &Auth) -> Result<(), ConfirmEmailChangeError> {
        let found = find(auth, CodeKind::ConfirmEmail, &self.token).await?;
        let found = found.ok_or(ConfirmEmailChangeError::Closed)?;
        if found.code.used_at.is_none() && !found.is_open(auth) {
            return Err(ConfirmEmailChangeError::Closed);
        }
        let now = auth.clock.now();
        let user = found.code.user;
        let before = auth.store.read().users().by_id(user).await?;
        let before = before.ok_or(ConfirmEmailChangeError::Closed)?;
        let letter = Letter::EmailChanged {
            masked: masked(&found.about),
            at: now,
        };
        let notice = mail_job(auth, &Mail::to(&before, letter), Some(user), now)?;
        let work = Move {
            code: found.code.hash,
            user,
            mailbox: Mailbox::of_stranger(auth, &before, &notice.topic),
            notice,
            from: before.email,
            to: found.about,
            names: auth.throttle_names.clone(),
            at: now,
            expires_at: auth.revocation_expiry(now),
            event: event(auth, EventKind::EmailChanged, now, Some(user), &self.client),
        };
        auth.commit(work).await?
    }
}

struct Move {
    code: CodeHash,
    user: UserId,
    from: Email,
    to: Email,
    names: ThrottleNames,
    notice: Job,
    /// The address that the account leaves may never have been its user's.
    mailbox: Option<Mailbox>,
    at: Timestamp,
    expires_at: Timestamp,
    event: SecurityEvent,
}

#[async_trait]
impl Work for Move {
    type Output = Committed<Result<(), ConfirmEmailChangeError>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let refused = |error| Ok(Committed::plain(Err(error)));
        let user = tx.users().by_id(self.user).await?;
        let Some(mut user) = user.filter(|user| user.state(self.at) == State::Active) else {
            return refused(ConfirmEmailChangeError::Closed);
        };
        let kind = CodeKind::ConfirmEmail;
        let code = tx.codes().by_hash(kind, &self.code).await?;
        if code.is_some_and(|code| code.used_at.is_some()) && user.email == self.to {
            return Ok(Committed::plain(Ok(())));
        }
        if user.email != self.from {
            // It moved elsewhere since the link was looked up.
            return refused(ConfirmEmailChangeError::Closed);
        }
        let before = user.clone();
        user.email = self.to.clone();
        user.verify_email(self.at);
        user.updated_at = self.at;
        user.token_version += 1;
        if taken(tx, &user).await?.contains(&Unique::Email) {
            return refused(ConfirmEmailChangeError::Taken);
        }
        if !tx.codes().redeem(kind, &self.code, self.at).await? {
            return refused(ConfirmEmailChangeError::Closed);
        }
        if !tx.users().update(&user).await.map_err(look_again)? {
            return Err(StoreError::Contention);
        }
        forget_renamed(tx, &self.names, &before, &user).await?;
        // What was sent to the old address opens nothing any more (E-13).
        for kind in [CodeKind::VerifyEmail, CodeKind::ResetPassword] {
            tx.codes().void(self.user, kind).await?;
        }
        if may_write_to(tx, self.mailbox, self.at).await? {
            tx.jobs().add(&self.notice).await?;
        }
        tx.events().append(&self.event).await?;
        let below = Revoked::UserBelow {
            user: user.id,
            version: user.token_version,
        };
        Ok(Committed {
            output: Ok(()),
            revocations: vec![revoke(tx, below, self.at, self.expires_at).await?],
        })
    }
}

/// An address as it is shown to whoever may not be its owner: `a…@example.com`.
fn masked(email: &Email) -> String {
    let (local, domain) = email.as_str().rsplit_once('@').unwrap_or_default();
    let first: String = local.chars().take(1).collect();
    format!("{first}…@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_address_can_be_recognised_and_no_more() {
        let masked = |text| masked(&Email::parse(text).unwrap());
        assert_eq!(masked("ada.lovelace@example.com"), "a…@example.com");
        assert_eq!(masked("山田@example.jp"), "山…@example.jp");
        assert_eq!(masked("a@example.com"), "a…@example.com");
    }
}
