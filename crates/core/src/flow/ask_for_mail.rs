//! Asking for a mail with a link: a forgotten password (ACC-6), another verification (ACC-7), a new address (ACC-8).
//!
//! Whoever asks is answered before anybody looks whether there is such an account: the request is written down, sealed,
//! as a job, and the job finds out. So a known address and an unknown one cost the same and are answered alike (E-33).

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::fault::faults;
use crate::flow::letters::{Posted, account_exists, draw, link, reset, verification};
use crate::flow::mail_job::{mail_job, open_job, sealed_job};
use crate::flow::mailbox::Mailbox;
use crate::flow::{Auth, Fault};
use crate::model::{
    Client, CodeKind, Email, EventKind, FieldErrors, Job, JobKind, Letter, Mail, SecurityEvent,
    State, Timestamp, User, UserId,
};
use crate::store::{StoreError, Tx, Work};

/// A request that was not looked at for so long is of no use any more.
const PATIENCE: Duration = Duration::from_hours(1);

/// Asks for a mail that lets the owner of an address choose a new password.
#[derive(Debug)]
pub struct ForgotPassword {
    /// The address, as typed.
    pub email: String,
    /// From where.
    pub client: Client,
}

/// Asks for another mail that verifies an address.
#[derive(Debug)]
pub struct ResendVerification {
    /// The address, as typed.
    pub email: String,
    /// From where.
    pub client: Client,
}

/// Why a request was not taken.
#[derive(Debug, thiserror::Error)]
pub enum AskForMailError {
    /// What was given is no address.
    #[error("the request is not acceptable")]
    Invalid(FieldErrors),
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(AskForMailError);

impl ForgotPassword {
    /// Takes the request, whether or not there is such an account.
    pub async fn run(self, auth: &Auth) -> Result<(), AskForMailError> {
        ask(auth, JobKind::ForgotPassword, &self.email, &self.client).await
    }
}

impl ResendVerification {
    /// Takes the request, whether or not there is such an account, and whether or not it is verified.
    pub async fn run(self, auth: &Auth) -> Result<(), AskForMailError> {
        ask(auth, JobKind::ResendVerification, &self.email, &self.client).await
    }
}

async fn ask(
    auth: &Auth,
    kind: JobKind,
    email: &str,
    client: &Client,
) -> Result<(), AskForMailError> {
    let email = Email::parse(email)
        .map_err(|invalid| AskForMailError::Invalid(("/email", invalid).into()))?;
    let job = request_job(auth, kind, &email, None, client)?;
    Ok(auth.commit(Ask { job }).await?)
}

/// What a request says.
#[derive(Serialize, Deserialize)]
pub(crate) struct Request {
    email: String,
    ip_address: Option<IpAddr>,
    /// When the password by which somebody asked was set: a request does not outlive it.
    password_changed_at: Option<i64>,
}

/// The job that looks into a request. `by` is who asks, if they are signed in.
pub(crate) fn request_job(
    auth: &Auth,
    kind: JobKind,
    email: &Email,
    by: Option<&User>,
    client: &Client,
) -> Result<Job, Fault> {
    let request = Request {
        email: email.as_str().to_owned(),
        ip_address: client.ip_address,
        password_changed_at: by
            .and_then(|user| user.password_changed_at)
            .map(Timestamp::millis),
    };
    let now = auth.clock.now();
    let mut job = sealed_job(auth, kind, by.map(|user| user.id), &request, now)?;
    job.expires_at = Some(now.plus(PATIENCE));
    Ok(job)
}

struct Ask {
    job: Job,
}

#[async_trait]
impl Work for Ask {
    type Output = Committed<()>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        tx.jobs().add(&self.job).await?;
        Ok(Committed::plain(()))
    }
}

/// What comes of a request: a letter to somebody, with the event that tells of it.
pub(crate) struct Answer {
    /// To whose account it belongs: they are not written to too often.
    pub(crate) subject: UserId,
    /// In what it is counted, if nobody has shown the address to be theirs.
    pub(crate) mailbox: Option<Mailbox>,
    pub(crate) letter: Reply,
    pub(crate) event: Option<SecurityEvent>,
}

pub(crate) enum Reply {
    /// With a code.
    Posted(Box<Posted>),
    /// Without.
    Plain(Box<Job>),
}

impl Reply {
    pub(crate) fn topic(&self) -> &str {
        match self {
            Self::Posted(posted) => &posted.mail.topic,
            Self::Plain(mail) => &mail.topic,
        }
    }
}

/// Looks into a request. `None` if nobody is to be written to.
pub(crate) async fn look_into(
    auth: &Auth,
    job: &Job,
    now: Timestamp,
) -> Result<Option<Answer>, Fault> {
    let request: Request = open_job(auth, job)?;
    let email = Email::from_stored(request.email.clone());
    let owner = auth.store.read().users().by_email(&email.folded()).await?;
    let owner = owner.filter(|user| user.state(now) == State::Active);
    let client = Client {
        ip_address: request.ip_address,
        ..Client::default()
    };
    let told = |kind, user: &User| event(auth, kind, now, Some(user.id), &client);
    let to_owner = |user: &User, letter: Reply, event| Answer {
        subject: user.id,
        mailbox: Mailbox::of_stranger(auth, user, letter.topic()),
        letter,
        event,
    };
    Ok(match (&job.kind, owner) {
        (JobKind::ForgotPassword, Some(user)) => {
            let letter = Reply::Posted(Box::new(reset(auth, &user, now)?.0));
            let event = told(EventKind::PasswordResetAsked, &user);
            Some(to_owner(&user, letter, Some(event)))
        }
        (JobKind::ResendVerification, Some(user)) if user.email_verified_at.is_none() => {
            let letter = Reply::Posted(Box::new(verification(auth, &user, now)?.0));
            Some(to_owner(&user, letter, None))
        }
        (JobKind::ChangeEmail, owner) => {
            let Some(asking) = asking(auth, job, &request, now).await? else {
                return Ok(None);
            };
            match owner.filter(|owner| owner.id != asking.id) {
                Some(owner) => {
                    let letter = Reply::Plain(Box::new(account_exists(auth, &owner, now)?));
                    Some(to_owner(&owner, letter, None))
                }
                None => {
                    let letter = confirmation(auth, &asking, &email, now)?;
                    Some(Answer {
                        subject: asking.id,
                        mailbox: Some(Mailbox::of(auth, &email, &letter.mail.topic)),
                        event: Some(told(EventKind::EmailChangeAsked, &asking).by(asking.id)),
                        letter: Reply::Posted(Box::new(letter)),
                    })
                }
            }
        }
        _ => None,
    })
}

/// Who asked, if they still may and still have the password they showed.
async fn asking(
    auth: &Auth,
    job: &Job,
    request: &Request,
    now: Timestamp,
) -> Result<Option<User>, Fault> {
    let Some(id) = job.subject else {
        return Ok(None);
    };
    let user = auth.store.read().users().by_id(id).await?;
    Ok(user.filter(|user| {
        user.state(now) == State::Active
            && user.password_changed_at.map(Timestamp::millis) == request.password_changed_at
    }))
}

/// The letter to a new address that asks whether the account shall move to it.
fn confirmation(auth: &Auth, user: &User, new: &Email, now: Timestamp) -> Result<Posted, Fault> {
    let kind = CodeKind::ConfirmEmail;
    let drawn = draw(auth, kind, user.id, None, new, now)?;
    let letter = Letter::ConfirmEmailChange {
        link: link(auth, kind, &drawn.token),
        expires_at: drawn.code.expires_at,
    };
    let mail = Mail {
        to: new.clone(),
        ..Mail::to(user, letter)
    };
    Ok(Posted {
        code: drawn.code,
        mail: mail_job(auth, &mail, Some(user.id), now)?,
    })
}
