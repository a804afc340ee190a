//! A forgotten password: choosing a new one by the link of a mail (ACC-6).

use async_trait::async_trait;

use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::fault::faults;
use crate::flow::guess::{ThrottleNames, forget_guesses};
use crate::flow::links::find;
use crate::flow::mail_job::mail_job;
use crate::flow::new_password::{NewPasswordError, hash_new};
use crate::flow::register::acceptable_password;
use crate::flow::sign_out::EndAll;
use crate::flow::void_links::void_with_password_and_sessions;
use crate::flow::{Auth, Fault};
use crate::model::{
    Client, CodeHash, CodeKind, EndReason, EventKind, FieldErrors, FoldedEmail, Job, Letter, Mail,
    State, User, UserId,
};
use crate::secret::PasswordHash;
use crate::store::{StoreError, Tx, Work};

/// Chooses a new password by a link.
#[derive(Debug)]
pub struct ResetPassword {
    /// The token of the link.
    pub token: String,
    /// The password they want, as typed.
    pub new: String,
    /// From where.
    pub client: Client,
}

/// Why a password was not reset.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// The link was used, replaced, has expired, or never was one.
    #[error("this link is not good any more")]
    Closed,
    /// The new password is not acceptable; the link stays good.
    #[error("the password is not acceptable")]
    Invalid(FieldErrors),
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(ResetPasswordError);

impl From<NewPasswordError> for ResetPasswordError {
    fn from(error: NewPasswordError) -> Self {
        match error {
            NewPasswordError::Invalid(errors) => Self::Invalid(errors),
            NewPasswordError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl ResetPassword {
    /// Sets the password, and ends every session. The link also shows that the address is its user's.
    pub async fn run(self, auth: &Auth) -> Result<(), ResetPasswordError> {
        let found = find(auth, CodeKind::ResetPassword, &self.token).await?;
        let found = found
            .filter(|found| found.is_open(auth))
            .ok_or(ResetPasswordError::Closed)?;
        let about = found.about.folded();
        let user = auth.store.read().users().by_id(found.code.user).await?;
        let user = user
            .filter(|user| {
                user.state(auth.clock.now()) == State::Active && user.email.folded() == about
            })
            .ok_or(ResetPasswordError::Closed)?;
        let mut errors = FieldErrors::new();
        let context = user.context_words();
        let new = acceptable_password(auth, "/newPassword", &self.new, &context, &mut errors)
            .ok_or(ResetPasswordError::Invalid(errors))?;
        let hash = hash_new(auth, "/newPassword", new).await?;
        let now = auth.clock.now();
        let letter = Letter::PasswordChanged {
            at: now,
            ip_address: self.client.ip_address,
        };
        let told = event(
            auth,
            EventKind::PasswordReset,
            now,
            Some(user.id),
            &self.client,
        );
        let work = Reset {
            code: found.code.hash,
            user: user.id,
            about,
            hash,
            names: auth.throttle_names.clone(),
            notice: mail_job(auth, &Mail::to(&user, letter), Some(user.id), now)?,
            end: EndAll {
                user: user.id,
                except: None,
                at: now,
                reason: EndReason::PasswordChanged,
                expires_at: auth.revocation_expiry(now),
                event: told,
            },
        };
        match auth.commit(work).await? {
            true => Ok(()),
            false => Err(ResetPasswordError::Closed),
        }
    }
}

struct Reset {
    code: CodeHash,
    user: UserId,
    about: FoldedEmail,
    hash: PasswordHash,
    names: ThrottleNames,
    notice: Job,
    end: EndAll,
}

impl Reset {
    fn concerns(&self, user: &User) -> bool {
        user.state(self.end.at) == State::Active && user.email.folded() == self.about
    }
}

#[async_trait]
impl Work for Reset {
    /// Whether the code was still good.
    type Output = Committed<bool>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let at = self.end.at;
        let user = tx.users().by_id(self.user).await?;
        let Some(mut user) = user.filter(|user| self.concerns(user)) else {
            return Ok(Committed::plain(false));
        };
        let kind = CodeKind::ResetPassword;
        if !tx.codes().redeem(kind, &self.code, at).await? {
            return Ok(Committed::plain(false));
        }
        user.password = Some(self.hash.clone());
        user.password_changed_at = Some(at);
        if user.email_verified_at.is_none() {
            user.verify_email(at);
        }
        user.updated_at = at;
        if !tx.users().update(&user).await? {
            return Err(StoreError::Contention);
        }
        // Whoever was locked out by wrong guesses, their own or a stranger's, begins anew.
        forget_guesses(tx, &self.names, &user).await?;
        void_with_password_and_sessions(tx, self.user).await?;
        tx.jobs().add(&self.notice).await?;
        Ok(Committed {
            output: true,
            revocations: self.end.within(tx).await?,
        })
    }
}
