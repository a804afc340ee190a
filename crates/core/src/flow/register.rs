//! Registration (ACC-1, ACC-3).

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::flow::auth::Committed;
use crate::flow::consents::{AddConsenting, Giving, at_registration};
use crate::flow::event::event;
use crate::flow::fault::faults;
use crate::flow::guess::{ThrottleNames, forget_guesses};
use crate::flow::letters::{Posted, account_exists, verification};
use crate::flow::mailbox::{Mailbox, Pace, may_write, may_write_to};
use crate::flow::new_password::hash_new;
use crate::flow::{Auth, Fault};
use crate::model::{
    AvatarUrl, Client, Email, EventKind, FieldErrors, Invalid, Job, LocaleTag, Metadata,
    PersonName, Phone, Profile, Role, SecurityEvent, Standing, State, TimeZoneName, Timestamp,
    User, UserId, Username,
};
use crate::password::Plain;
use crate::policy::ProfileField;
use crate::secret::PasswordHash;
use crate::store::{StoreError, Tx, Unique, Work};

/// Registration as somebody typed it.
#[derive(Debug, Default)]
#[expect(
    missing_docs,
    reason = "the fields are those of the request, told in the API's documentation"
)]
pub struct RawRegistration {
    pub email: String,
    pub password: Option<String>,
    pub username: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<String>,
    pub avatar_url: Option<String>,
    pub timezone: Option<String>,
    pub locale: Option<String>,
    pub metadata: Option<Map<String, Value>>,
}

/// A registration of which every part is acceptable.
#[derive(Debug)]
pub struct Registration {
    pub(crate) email: Email,
    pub(crate) username: Option<Username>,
    pub(crate) password: Option<Plain>,
    pub(crate) profile: Profile,
}

impl Registration {
    /// Parses and checks everything, and names every mistake at once.
    pub fn parse(raw: RawRegistration, auth: &Auth) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        for field in &auth.rules.accounts.required {
            if !raw.has(*field) {
                errors.add(
                    field.pointer(),
                    Invalid::new("required", "This field is required."),
                );
            }
        }
        let email = errors.take("/email", Email::parse(&raw.email));
        let username = raw
            .username
            .and_then(|text| errors.take("/username", Username::parse(&text)));
        let profile = Profile {
            first_name: raw
                .first_name
                .and_then(|text| errors.take("/firstName", PersonName::parse(&text))),
            last_name: raw
                .last_name
                .and_then(|text| errors.take("/lastName", PersonName::parse(&text))),
            phone: raw
                .phone
                .and_then(|text| errors.take("/phone", Phone::parse(&text))),
            avatar_url: raw
                .avatar_url
                .and_then(|text| errors.take("/avatarUrl", AvatarUrl::parse(&text))),
            timezone: raw
                .timezone
                .and_then(|text| errors.take("/timezone", TimeZoneName::parse(&text))),
            locale: raw
                .locale
                .and_then(|text| errors.take("/locale", LocaleTag::parse(&text))),
            metadata: raw
                .metadata
                .and_then(|object| errors.take("/metadata", Metadata::parse(object)))
                .unwrap_or_default(),
        };
        let password = raw.password.and_then(|text| {
            let mut context: Vec<&str> = Vec::new();
            context.extend(email.as_ref().map(Email::as_str));
            context.extend(email.as_ref().map(Email::local_part));
            context.extend(username.as_ref().map(Username::as_str));
            context.extend(profile.first_name.as_ref().map(PersonName::as_str));
            context.extend(profile.last_name.as_ref().map(PersonName::as_str));
            acceptable_password(auth, "/password", &text, &context, &mut errors)
        });
        match email {
            Some(email) if errors.is_empty() => Ok(Self {
                email,
                username,
                password,
                profile,
            }),
            _ => Err(errors),
        }
    }

    /// The account this makes.
    pub(crate) fn into_user(
        self,
        auth: &Auth,
        role: Role,
        password: Option<PasswordHash>,
        now: Timestamp,
    ) -> User {
        User {
            id: UserId::new(now, auth.entropy.as_ref()),
            email: self.email,
            email_verified_at: None,
            username: self.username,
            profile: self.profile,
            role,
            standing: Standing::default(),
            password_changed_at: password.is_some().then_some(now),
            password,
            token_version: 0,
            last_login_at: None,
            created_at: now,
            updated_at: now,
            verify_by: None,
            revision: 0,
        }
    }
}

impl RawRegistration {
    fn has(&self, field: ProfileField) -> bool {
        match field {
            ProfileField::Username => self.username.is_some(),
            ProfileField::FirstName => self.first_name.is_some(),
            ProfileField::LastName => self.last_name.is_some(),
            ProfileField::Phone => self.phone.is_some(),
            ProfileField::Timezone => self.timezone.is_some(),
            ProfileField::Locale => self.locale.is_some(),
        }
    }
}

/// A new password that the policy accepts; each rule it breaks is noted on its own.
pub(crate) fn acceptable_password(
    auth: &Auth,
    field: &'static str,
    text: &str,
    context: &[&str],
    errors: &mut FieldErrors,
) -> Option<Plain> {
    let plain = errors.take(field, Plain::parse(text))?;
    match auth.rules.password.check(&plain, context) {
        Ok(()) => Some(plain),
        Err(violations) => {
            for violation in violations {
                errors.add(field, violation);
            }
            None
        }
    }
}

/// Makes an account for whoever asks.
#[derive(Debug)]
pub struct Register {
    /// What they gave.
    pub raw: RawRegistration,
    /// What they agree to, e.g. `terms:2026-01`.
    pub consents: Vec<String>,
    /// Who asks.
    pub client: Client,
}

/// What became of a registration.
#[derive(Debug)]
pub enum Registered {
    /// The account was made.
    Created(Box<User>),
    /// Under enumeration protection: the request was acceptable, and whether the address was free is not told.
    Accepted,
}

/// Why an account was not made.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// What was given is not acceptable, or is taken.
    #[error("the registration is not acceptable")]
    Invalid(FieldErrors),
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(RegisterError);

impl Register {
    /// Registers. Whether the address is taken or not, the password is hashed once, so that the time tells nothing.
    pub async fn run(self, auth: &Auth) -> Result<Registered, RegisterError> {
        let mut raw = self.raw;
        // Unlike an administrator, whoever registers must choose a password: a missing one is an empty one.
        raw.password.get_or_insert_default();
        let mut errors = FieldErrors::new();
        let consents = at_registration(auth, &self.consents, &mut errors);
        let mut registration = match Registration::parse(raw, auth) {
            Ok(registration) if errors.is_empty() => registration,
            Ok(_) => return Err(RegisterError::Invalid(errors)),
            Err(mut others) => {
                others.extend(errors);
                return Err(RegisterError::Invalid(others));
            }
        };
        let password = match registration.password.take() {
            Some(plain) => Some(hash_new(auth, "/password", plain).await?),
            None => None,
        };
        let now = auth.clock.now();
        let mut user = registration.into_user(auth, Role::default(), password, now);
        let unverified = auth.rules.retention.unverified_accounts;
        user.verify_by = unverified.map(|kept| now.plus(kept));
        let told_to_owner = match auth.rules.accounts.enumeration_protection {
            true => {
                // Before anything is looked up about the address: what is told of the name depends on the name alone.
                if name_is_taken(auth, &user).await? {
                    return Err(RegisterError::Invalid(taken_errors(&[Unique::Username])));
                }
                Owner::of(auth, &user, &self.client, now).await?
            }
            false => None,
        };
        let registered = event(
            auth,
            EventKind::Registered,
            now,
            Some(user.id),
            &self.client,
        )
        .by(user.id);
        let (letter, _) = verification(auth, &user, now)?;
        let taken = auth
            .commit(AddConsenting {
                consents: consents
                    .into_iter()
                    .map(|document| Giving::new(auth, user.id, document, &self.client))
                    .collect(),
                add: AddUser {
                    user: user.clone(),
                    event: registered,
                    mailbox: Mailbox::of_stranger(auth, &user, &letter.mail.topic),
                    letter: Some(letter),
                    told_to_owner,
                    names: auth.throttle_names.clone(),
                },
            })
            .await?;
        match (taken, auth.rules.accounts.enumeration_protection) {
            (Err(taken), false) => Err(RegisterError::Invalid(taken_errors(&taken))),
            // A user name is shown in public anyway, and a form must be able to ask for another. Somebody took it since it
            // was looked up; whether the address is taken, too, is not told.
            (Err(taken), true) if taken.contains(&Unique::Username) => {
                Err(RegisterError::Invalid(taken_errors(&[Unique::Username])))
            }
            (_, true) => Ok(Registered::Accepted),
            (Ok(()), false) => Ok(Registered::Created(Box::new(user))),
        }
    }
}

async fn name_is_taken(auth: &Auth, user: &User) -> Result<bool, StoreError> {
    let Some(username) = &user.username else {
        return Ok(false);
    };
    let found = auth
        .store
        .read()
        .users()
        .by_username(&username.folded())
        .await?;
    Ok(found.is_some())
}

/// The mistakes that taken values are.
pub(crate) fn taken_errors(taken: &[Unique]) -> FieldErrors {
    let mut errors = FieldErrors::new();
    for unique in taken {
        match unique {
            Unique::Email => errors.add(
                "/email",
                Invalid::new("taken", "This email address is registered already."),
            ),
            Unique::Username => errors.add(
                "/username",
                Invalid::new("taken", "This username is taken."),
            ),
            Unique::Id => {}
        }
    }
    errors
}

/// Adds a user with the event that tells of it, unless something unique about them is taken.
pub(crate) struct AddUser {
    pub(crate) user: User,
    pub(crate) event: SecurityEvent,
    /// The letter that verifies the address.
    pub(crate) letter: Option<Posted>,
    /// In what it is counted, if whoever asks may have named a stranger's address.
    pub(crate) mailbox: Option<Mailbox>,
    /// What the owner of a taken address is told instead of whoever asks.
    pub(crate) told_to_owner: Option<Owner>,
    pub(crate) names: ThrottleNames,
}

/// The owner of an address with which somebody registers.
pub(crate) struct Owner {
    id: UserId,
    /// What tells them; nothing if they could not sign in anyway.
    letter: Option<Job>,
    /// It is written each time, so that a taken address costs a write like a free one.
    event: SecurityEvent,
    pace: Pace,
    mailbox: Option<Mailbox>,
}

impl Owner {
    async fn of(
        auth: &Auth,
        user: &User,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<Self>, Fault> {
        let email = user.email.folded();
        let Some(owner) = auth.store.read().users().by_email(&email).await? else {
            return Ok(None);
        };
        let letter = match owner.state(now) {
            State::Active => Some(account_exists(auth, &owner, now)?),
            State::Suspended | State::Deleted => None,
        };
        let mailbox = letter
            .as_ref()
            .and_then(|letter| Mailbox::of_stranger(auth, &owner, &letter.topic));
        let kind = EventKind::RegistrationRefused;
        Ok(Some(Self {
            id: owner.id,
            letter,
            event: event(auth, kind, now, Some(owner.id), client),
            pace: Pace::of(auth),
            mailbox,
        }))
    }

    async fn tell(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        tx.events().append(&self.event).await?;
        if let Some(letter) = &self.letter
            && may_write(tx, self.pace, self.id, &letter.topic, self.event.at).await?
            && may_write_to(tx, self.mailbox, self.event.at).await?
        {
            tx.jobs().add(letter).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Work for AddUser {
    type Output = Committed<Result<(), Vec<Unique>>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let taken = taken(tx, &self.user).await?;
        if !taken.is_empty() {
            if let Some(owner) = &self.told_to_owner
                && taken == [Unique::Email]
            {
                owner.tell(tx).await?;
            }
            return Ok(Committed::plain(Err(taken)));
        }
        tx.users().insert(&self.user).await.map_err(look_again)?;
        forget_guesses(tx, &self.names, &self.user).await?;
        if let Some(letter) = &self.letter
            && may_write_to(tx, self.mailbox, self.user.created_at).await?
        {
            letter.within(tx).await?;
        }
        tx.events().append(&self.event).await?;
        if self.user.role.is_superuser() {
            tx.setup().close(self.user.created_at).await?;
        }
        Ok(Committed::plain(Ok(())))
    }
}

/// Two works that both found a value free meet at its unique index: the loser is run again by its store, and then finds
/// it taken.
pub(crate) fn look_again(error: StoreError) -> StoreError {
    match error {
        StoreError::Taken(Unique::Email | Unique::Username) => StoreError::Contention,
        other => other,
    }
}

/// What is unique about `user` and belongs to somebody else already.
pub(crate) async fn taken(tx: &mut dyn Tx, user: &User) -> Result<Vec<Unique>, StoreError> {
    let mut taken = Vec::new();
    if tx
        .users()
        .by_email(&user.email.folded())
        .await?
        .is_some_and(|other| other.id != user.id)
    {
        taken.push(Unique::Email);
    }
    if let Some(username) = &user.username
        && tx
            .users()
            .by_username(&username.folded())
            .await?
            .is_some_and(|other| other.id != user.id)
    {
        taken.push(Unique::Username);
    }
    Ok(taken)
}
