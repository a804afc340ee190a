//! Changing a profile (ACC-9): one's own, or that of a user of a lower role.

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::guess::{ThrottleNames, forget_renamed};
use crate::flow::manage_user::present_role;
use crate::flow::register::{look_again, taken, taken_errors};
use crate::flow::{Actor, Auth, ManageUserError};
use crate::model::{
    AvatarUrl, Client, EventKind, FieldErrors, Invalid, LocaleTag, Metadata, PersonName, Phone,
    Profile, SecurityEvent, State, TimeZoneName, Timestamp, User, UserId, Username,
};
use crate::policy::{Action, ProfileField};
use crate::store::{StoreError, Tx, Unique, Work};

/// A change as somebody sent it: `None` keeps a field, `Some(None)` clears it.
#[derive(Debug, Default)]
#[expect(
    missing_docs,
    reason = "the fields are those of the request, told in the API's documentation"
)]
pub struct RawProfileChange {
    pub username: Option<Option<String>>,
    pub first_name: Option<Option<String>>,
    pub last_name: Option<Option<String>>,
    pub phone: Option<Option<String>>,
    pub avatar_url: Option<Option<String>>,
    pub timezone: Option<Option<String>>,
    pub locale: Option<Option<String>>,
    pub metadata: Option<Option<Map<String, Value>>>,
}

/// A change of which every part is acceptable.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    username: Option<Option<Username>>,
    first_name: Option<Option<PersonName>>,
    last_name: Option<Option<PersonName>>,
    phone: Option<Option<Phone>>,
    avatar_url: Option<Option<AvatarUrl>>,
    timezone: Option<Option<TimeZoneName>>,
    locale: Option<Option<LocaleTag>>,
    metadata: Option<Metadata>,
}

impl ProfileChange {
    /// Parses everything and names every mistake at once; what is required cannot be cleared.
    pub fn parse(raw: RawProfileChange, auth: &Auth) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let cleared = [
            (ProfileField::Username, matches!(raw.username, Some(None))),
            (
                ProfileField::FirstName,
                matches!(raw.first_name, Some(None)),
            ),
            (ProfileField::LastName, matches!(raw.last_name, Some(None))),
            (ProfileField::Phone, matches!(raw.phone, Some(None))),
            (ProfileField::Timezone, matches!(raw.timezone, Some(None))),
            (ProfileField::Locale, matches!(raw.locale, Some(None))),
        ];
        for (field, cleared) in cleared {
            if cleared && auth.rules().accounts.required.contains(&field) {
                errors.add(
                    field.pointer(),
                    Invalid::new("required", "This field is required."),
                );
            }
        }
        let change = Self {
            username: parsed(raw.username, "/username", Username::parse, &mut errors),
            first_name: parsed(raw.first_name, "/firstName", PersonName::parse, &mut errors),
            last_name: parsed(raw.last_name, "/lastName", PersonName::parse, &mut errors),
            phone: parsed(raw.phone, "/phone", Phone::parse, &mut errors),
            avatar_url: parsed(raw.avatar_url, "/avatarUrl", AvatarUrl::parse, &mut errors),
            timezone: parsed(raw.timezone, "/timezone", TimeZoneName::parse, &mut errors),
            locale: parsed(raw.locale, "/locale", LocaleTag::parse, &mut errors),
            metadata: raw.metadata.and_then(|object| {
                errors.take("/metadata", Metadata::parse(object.unwrap_or_default()))
            }),
        };
        if errors.is_empty() {
            Ok(change)
        } else {
            Err(errors)
        }
    }

    fn apply(self, user: &mut User) {
        let profile = &mut user.profile;
        set(&mut user.username, self.username);
        set(&mut profile.first_name, self.first_name);
        set(&mut profile.last_name, self.last_name);
        set(&mut profile.phone, self.phone);
        set(&mut profile.avatar_url, self.avatar_url);
        set(&mut profile.timezone, self.timezone);
        set(&mut profile.locale, self.locale);
        let Profile { metadata, .. } = profile;
        if let Some(new) = self.metadata {
            *metadata = new;
        }
    }
}

fn parsed<T>(
    raw: Option<Option<String>>,
    field: &'static str,
    parse: fn(&str) -> Result<T, Invalid>,
    errors: &mut FieldErrors,
) -> Option<Option<T>> {
    raw.map(|text| text.and_then(|text| errors.take(field, parse(&text))))
}

fn set<T>(field: &mut Option<T>, change: Option<Option<T>>) {
    if let Some(new) = change {
        *field = new;
    }
}

/// Changes the profile of a user.
#[derive(Debug)]
pub struct ChangeProfile {
    /// Who asks.
    pub actor: Actor,
    /// Whose profile.
    pub user: UserId,
    /// What changes.
    pub change: ProfileChange,
    /// From where.
    pub client: Client,
}

impl ChangeProfile {
    /// Changes the profile and gives the user as they are now.
    pub async fn run(self, auth: &Auth) -> Result<User, ManageUserError> {
        let now = auth.clock.now();
        let updated = event(
            auth,
            EventKind::UserUpdated,
            now,
            Some(self.user),
            &self.client,
        )
        .by_actor(self.actor);
        let work = UpdateProfile {
            actor: self.actor,
            user: self.user,
            change: self.change,
            at: now,
            names: auth.throttle_names.clone(),
            event: updated,
        };
        auth.commit(work).await?
    }
}

struct UpdateProfile {
    actor: Actor,
    user: UserId,
    change: ProfileChange,
    at: Timestamp,
    names: ThrottleNames,
    event: SecurityEvent,
}

#[async_trait]
impl Work for UpdateProfile {
    type Output = Committed<Result<User, ManageUserError>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let Some(mut user) = tx.users().by_id(self.user).await? else {
            let known = Action::UpdateUser.reaches_others(self.actor.role());
            let refused = if known {
                ManageUserError::NotFound
            } else {
                ManageUserError::Forbidden
            };
            return Ok(Committed::plain(Err(refused)));
        };
        let own = self.actor.is(user.id);
        let role = present_role(tx, self.actor, self.at).await?;
        // Whoever has just been deleted finds their own account gone, as everybody does.
        let allowed = role.is_some_and(|role| Action::UpdateUser.allows(role, user.role, own));
        if !allowed && !own {
            return Ok(Committed::plain(Err(ManageUserError::Forbidden)));
        }
        if user.state(self.at) == State::Deleted {
            return Ok(Committed::plain(Err(ManageUserError::NotFound)));
        }
        let before = user.clone();
        self.change.clone().apply(&mut user);
        user.updated_at = self.at;
        let taken: Vec<Unique> = taken(tx, &user).await?;
        if !taken.is_empty() {
            return Ok(Committed::plain(Err(ManageUserError::Invalid(
                taken_errors(&taken),
            ))));
        }
        if !tx.users().update(&user).await.map_err(look_again)? {
            return Err(StoreError::Contention);
        }
        user.revision += 1;
        forget_renamed(tx, &self.names, &before, &user).await?;
        tx.events().append(&self.event).await?;
        Ok(Committed::plain(Ok(user)))
    }
}
