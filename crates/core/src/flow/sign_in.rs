//! Signing in with a password (TOK-1, ACC-2).

use std::time::Duration;

use async_trait::async_trait;

use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::fault::faults;
use crate::flow::guess::{Debt, GuessError, Intent, Right, note_wrong, verify};
use crate::flow::new_device::Notice;
use crate::flow::{Auth, Fault};
use crate::model::{
    Client, ClientMark, DeviceId, Email, EventKind, RefreshSeed, SecurityEvent, Session, SessionId,
    State, Timestamp, TokenId, User, Username,
};
use crate::password::Plain;
use crate::port::random;
use crate::secret::{Bearer, PasswordHash};
use crate::store::{StoreError, Tx, Work};
use crate::token::{MintError, mint};

/// What a sign-in or a refresh hands out.
#[derive(Debug)]
pub struct Tokens {
    /// The access token, a JWT.
    pub access: Bearer,
    /// Life of the access token, in seconds.
    pub expires_in: u64,
    /// The refresh token.
    pub refresh: Bearer,
    /// Life of the refresh token, in seconds.
    pub refresh_expires_in: u64,
    /// The session both belong to.
    pub session_id: SessionId,
    /// The user.
    pub user: User,
    /// By this the device is known at the next sign-in; a refresh hands out none.
    pub device: Option<Bearer>,
}

impl Tokens {
    /// The tokens of `session` as it stands, at its `generation`.
    pub(crate) fn of(
        auth: &Auth,
        user: User,
        session: &Session,
        now: Timestamp,
    ) -> Result<Self, MintError> {
        let keys = auth.keyring.get();
        let key = keys.current().ok_or(MintError::NoKey)?;
        let id = TokenId::new(now, auth.entropy.as_ref());
        let expires_at = session.idle_expires_at.min(session.expires_at);
        Ok(Self {
            access: mint(key, &auth.rules.tokens, &user, session.id, id, now)?,
            expires_in: auth.rules.tokens.access_ttl.as_secs(),
            refresh: auth
                .refresh_tokens
                .issue(session.id, &session.seed, session.generation),
            refresh_expires_in: expires_at.since(now).as_secs(),
            session_id: session.id,
            user,
            device: None,
        })
    }
}

/// Signs in by email or user name and password.
#[derive(Debug)]
pub struct SignIn {
    /// An email address or a user name, as typed.
    pub identifier: String,
    /// The password.
    pub password: Plain,
    /// The device token of an earlier sign-in, if the client has kept one.
    pub device_token: Option<String>,
    /// Who asks.
    pub client: Client,
}

/// From where somebody signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// They have signed in from there before, with the password they have now.
    Known(DeviceId),
    /// They have not, or cannot show it.
    New,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Wrong password, no such account, suspended or deleted: never told apart.
    #[error("the credentials were refused")]
    Rejected,
    /// Too many were wrong; whether there is such an account makes no difference.
    #[error("too many wrong passwords")]
    Locked {
        /// For how long no other is looked at.
        retry_after: Duration,
    },
    /// The password was right, but the address was not verified yet, and must be.
    #[error("the address is not verified")]
    EmailNotVerified,
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(SignInError);

impl From<GuessError> for SignInError {
    fn from(error: GuessError) -> Self {
        match error {
            GuessError::Locked(retry_after) => Self::Locked { retry_after },
            GuessError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl SignIn {
    /// Signs in. An unknown account costs the same hash as a known one.
    pub async fn run(self, auth: &Auth) -> Result<Tokens, SignInError> {
        let now = auth.clock.now();
        let found = find(auth, &self.identifier).await?;
        let device = recognise(auth, self.device_token.as_deref(), found.as_ref(), now);
        let stored = found.as_ref().and_then(|user| user.password.clone());
        let guess =
            Intent::at_the_door(auth, &self.identifier, found.as_ref(), device, &self.client)
                .count(auth)
                .await?;
        let (guess, verdict) = verify(auth, guess, self.password.clone(), stored.clone()).await?;
        let (user, verified) = match (found, stored) {
            (Some(user), Some(hash)) if verdict.matches && user.state(now) == State::Active => {
                (user, hash)
            }
            (found, _) => {
                let subject = found.map(|user| user.id);
                let failed = event(auth, EventKind::SignInFailed, now, subject, &self.client);
                note_wrong(auth, &guess, failed).await?;
                return Err(SignInError::Rejected);
            }
        };
        if auth.rules.accounts.verification_required && user.email_verified_at.is_none() {
            let kind = EventKind::SignInFailed;
            let work = TurnAway {
                event: event(auth, kind, now, Some(user.id), &self.client)
                    .detail("email_not_verified"),
                right: guess.right(),
            };
            let turned_away = auth.commit(work).await;
            turned_away.inspect_err(|_| auth.owed.add(Debt::Right(guess.right())))?;
            return Err(SignInError::EmailNotVerified);
        }
        // An old or foreign hash is replaced while the password is at hand; if the pool is busy, next time will do.
        let upgrade = match verdict.rehash {
            true => auth.hasher.hash(self.password).await.ok(),
            false => None,
        };
        let session = new_session(auth, &user, self.client, now);
        let signed_in = event(
            auth,
            EventKind::SignedIn,
            now,
            Some(user.id),
            &session.client,
        )
        .by(user.id)
        .session(session.id)
        // By which factor.
        .detail("password");
        let work = BeginSession {
            notice: Notice::of(auth, &user, &session, device).await?,
            user,
            verified,
            upgrade,
            session: session.clone(),
            event: signed_in,
            right: guess.right(),
        };
        let begun = auth.commit(work).await;
        let begun = begun.inspect_err(|_| auth.owed.add(Debt::Right(guess.right())))?;
        let user = begun.ok_or(SignInError::Rejected)?;
        let device = match device {
            Device::Known(id) => id,
            Device::New => DeviceId::new(now, auth.entropy.as_ref()),
        };
        let device = auth.devices.issue(&user, device, now);
        Ok(Tokens {
            device: Some(device),
            ..Tokens::of(auth, user, &session, now)?
        })
    }
}

/// Whether the account is signed in to from a device that is known to it.
fn recognise(auth: &Auth, token: Option<&str>, user: Option<&User>, now: Timestamp) -> Device {
    token
        .and_then(|token| auth.devices.recognise(token, user, now))
        .map_or(Device::New, Device::Known)
}

async fn find(auth: &Auth, identifier: &str) -> Result<Option<User>, StoreError> {
    let mut read = auth.store.read();
    if identifier.contains('@') {
        match Email::parse(identifier) {
            Ok(email) => read.users().by_email(&email.folded()).await,
            Err(_) => Ok(None),
        }
    } else {
        match Username::parse(identifier) {
            Ok(username) => read.users().by_username(&username.folded()).await,
            Err(_) => Ok(None),
        }
    }
}

fn new_session(auth: &Auth, user: &User, client: Client, now: Timestamp) -> Session {
    Session {
        id: SessionId::new(now, auth.entropy.as_ref()),
        user_id: user.id,
        seed: RefreshSeed::new(random(auth.entropy.as_ref())),
        generation: 0,
        rotated_by: ClientMark::of(&client),
        client,
        rotated_at: now,
        created_at: now,
        last_used_at: now,
        idle_expires_at: now.plus(auth.rules.sessions.idle),
        expires_at: now.plus(auth.rules.sessions.absolute),
        ended: None,
    }
}

/// The password was right, and still nobody is signed in.
struct TurnAway {
    event: SecurityEvent,
    right: Right,
}

#[async_trait]
impl Work for TurnAway {
    type Output = Committed<()>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        tx.events().append(&self.event).await?;
        self.right.within(tx).await?;
        Ok(Committed::plain(()))
    }
}

struct BeginSession {
    user: User,
    /// The hash the password was verified against: hashing took a while, and the password may have been changed.
    verified: PasswordHash,
    upgrade: Option<PasswordHash>,
    session: Session,
    event: SecurityEvent,
    right: Right,
    notice: Option<Notice>,
}

#[async_trait]
impl Work for BeginSession {
    type Output = Committed<Option<User>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let now = self.session.created_at;
        let user = tx.users().by_id(self.user.id).await?;
        let Some(mut user) = user.filter(|user| {
            user.state(now) == State::Active && user.password.as_ref() == Some(&self.verified)
        }) else {
            return Ok(Committed::plain(None));
        };
        if let Some(new) = &self.upgrade {
            tx.users()
                .upgrade_password(user.id, &self.verified, new)
                .await?;
        }
        tx.users().note_sign_in(user.id, now).await?;
        user.last_login_at = Some(now);
        tx.sessions().insert(&self.session).await?;
        tx.events().append(&self.event).await?;
        self.right.within(tx).await?;
        if let Some(notice) = &self.notice {
            notice.within(tx).await?;
        }
        Ok(Committed::plain(Some(user)))
    }
}
