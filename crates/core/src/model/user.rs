//! Users.

use crate::model::{Email, PersonName, Profile, Role, Timestamp, UserId, Username};
use crate::secret::PasswordHash;

/// A suspension: sign-in is refused and every session has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspension {
    /// When it was imposed.
    pub at: Timestamp,
    /// When it lifts by itself; `None` is open-ended.
    pub until: Option<Timestamp>,
    /// Why, for administrators.
    pub reason: Option<String>,
}

/// What has been decided about an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// A suspension, which may have lifted since.
    pub suspension: Option<Suspension>,
    /// When it was deleted; it can be restored until it is erased.
    pub deleted_at: Option<Timestamp>,
}

/// What an account may do at a given time (ACC-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// May sign in.
    Active,
    /// May not sign in until the suspension lifts.
    Suspended,
    /// May not sign in; can be restored.
    Deleted,
}

impl Standing {
    /// The state at `now`.
    pub fn state(&self, now: Timestamp) -> State {
        match (&self.deleted_at, &self.suspension) {
            (Some(_), _) => State::Deleted,
            (None, Some(suspension)) if suspension.until.is_none_or(|until| now < until) => {
                State::Suspended
            }
            (None, _) => State::Active,
        }
    }
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The `sub` of their tokens.
    pub id: UserId,
    /// Their address, unique in its folded form.
    pub email: Email,
    /// When the address was shown to be theirs.
    pub email_verified_at: Option<Timestamp>,
    /// Their user name, if they have one; unique in its folded form.
    pub username: Option<Username>,
    /// What they tell of themselves.
    pub profile: Profile,
    /// What they may do.
    pub role: Role,
    /// Suspension and deletion.
    pub standing: Standing,
    /// `None` if they sign in by other means only.
    pub password: Option<PasswordHash>,
    /// When the password was last set.
    pub password_changed_at: Option<Timestamp>,
    /// Counts up when issued access tokens must be refused though their session goes on (a role change).
    pub token_version: i64,
    /// When a password was last accepted.
    pub last_login_at: Option<Timestamp>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When an account that somebody made for themselves is erased, if nobody has shown the address to be theirs by then
    /// or used the account since (ACC-7); `None` once it is verified, and for accounts that others made.
    pub verify_by: Option<Timestamp>,
    /// Counts up with each change: the condition of every update.
    pub revision: i64,
}

impl User {
    /// The state at `now`.
    pub fn state(&self, now: Timestamp) -> State {
        self.standing.state(now)
    }

    /// Notes that the address was shown to be theirs.
    pub fn verify_email(&mut self, at: Timestamp) {
        self.email_verified_at = Some(at);
        self.verify_by = None;
    }

    /// Words about this person that a password must not be made of.
    pub fn context_words(&self) -> Vec<&str> {
        let profile = &self.profile;
        [Some(self.email.as_str()), Some(self.email.local_part())]
            .into_iter()
            .chain([self.username.as_ref().map(Username::as_str)])
            .chain(
                [&profile.first_name, &profile.last_name]
                    .map(|name| name.as_ref().map(PersonName::as_str)),
            )
            .flatten()
            .collect()
    }
}
