//! First set-up (OPS-1): a link, printed once, makes the first super admin and then closes for ever.

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::fault::faults;
use crate::flow::guess::{ThrottleNames, forget_guesses};
use crate::flow::letters::{Posted, verification};
use crate::flow::new_password::hash_new;
use crate::flow::register::{look_again, taken, taken_errors};
use crate::flow::{Auth, Fault, RawRegistration, Registration};
use crate::model::{
    Client, EventKind, FieldErrors, Role, SecurityEvent, SetupTokenHash, Timestamp, User,
};
use crate::port::random;
use crate::secret::Bearer;
use crate::store::{StoreError, Tx, Unique, Work};

/// How long a link is good. The next start prints a new one as long as nobody used one.
const LINK_LIFE: Duration = Duration::from_hours(24);

/// Makes a link's token while no super admin was ever made; any older one dies. `None` once set-up is closed.
pub async fn offer_set_up(auth: &Auth) -> Result<Option<Bearer>, Fault> {
    if auth.store.read().setup().get().await?.closed_at.is_some() {
        return Ok(None);
    }
    let token = format!(
        "ntt_su_{}",
        URL_SAFE_NO_PAD.encode(random::<32>(auth.entropy.as_ref()))
    );
    let work = Offer {
        token: SetupTokenHash::of(&token),
        expires_at: auth.clock.now().plus(LINK_LIFE),
    };
    let offered = auth.commit(work).await?;
    Ok(offered.then(|| Bearer::new(token)))
}

struct Offer {
    token: SetupTokenHash,
    expires_at: Timestamp,
}

#[async_trait]
impl Work for Offer {
    type Output = Committed<bool>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        Ok(Committed::plain(
            tx.setup().offer(&self.token, self.expires_at).await?,
        ))
    }
}

/// Whether a link with this token would be honoured now, so that nobody fills in a form in vain.
pub async fn set_up_is_open(auth: &Auth, token: &str) -> Result<bool, Fault> {
    let setup = auth.store.read().setup().get().await?;
    Ok(setup.closed_at.is_none()
        && setup.token == Some(SetupTokenHash::of(token))
        && setup
            .expires_at
            .is_some_and(|expires_at| auth.clock.now() < expires_at))
}

/// Makes the first super admin.
#[derive(Debug)]
pub struct SetUp {
    /// The token of the link.
    pub token: String,
    /// The account.
    pub raw: RawRegistration,
    /// From where.
    pub client: Client,
}

/// Why no super admin was made.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The link was used, replaced, has expired, or never was one.
    #[error("this link is not good any more")]
    Closed,
    /// What was given is not acceptable, or is taken.
    #[error("the account is not acceptable")]
    Invalid(FieldErrors),
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(SetUpError);

impl SetUp {
    /// Makes the account and closes set-up, in one transaction.
    pub async fn run(mut self, auth: &Auth) -> Result<User, SetUpError> {
        let now = auth.clock.now();
        let token = SetupTokenHash::of(&self.token);
        if !set_up_is_open(auth, &self.token).await? {
            return Err(SetUpError::Closed);
        }
        self.raw.password.get_or_insert_default();
        let mut registration = Registration::parse(self.raw, auth).map_err(SetUpError::Invalid)?;
        let password = match registration.password.take() {
            Some(plain) => Some(hash_new(auth, "/password", plain).await?),
            None => None,
        };
        let user = registration.into_user(auth, Role::SuperAdmin, password, now);
        let completed = event(
            auth,
            EventKind::SetupCompleted,
            now,
            Some(user.id),
            &self.client,
        )
        .by(user.id);
        match auth
            .commit(Redeem {
                letter: verification(auth, &user, now)?.0,
                token,
                names: auth.throttle_names.clone(),
                user: user.clone(),
                event: completed,
            })
            .await?
        {
            Ok(()) => Ok(user),
            Err(Refused::Closed) => Err(SetUpError::Closed),
            Err(Refused::Taken(taken)) => Err(SetUpError::Invalid(taken_errors(&taken))),
        }
    }
}

struct Redeem {
    letter: Posted,
    names: ThrottleNames,
    token: SetupTokenHash,
    user: User,
    event: SecurityEvent,
}

enum Refused {
    Closed,
    Taken(Vec<Unique>),
}

#[async_trait]
impl Work for Redeem {
    type Output = Committed<Result<(), Refused>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let taken = taken(tx, &self.user).await?;
        if !taken.is_empty() {
            return Ok(Committed::plain(Err(Refused::Taken(taken))));
        }
        if !tx.setup().redeem(&self.token, self.user.created_at).await? {
            return Ok(Committed::plain(Err(Refused::Closed)));
        }
        tx.users().insert(&self.user).await.map_err(look_again)?;
        forget_guesses(tx, &self.names, &self.user).await?;
        self.letter.within(tx).await?;
        tx.events().append(&self.event).await?;
        Ok(Committed::plain(Ok(())))
    }
}
