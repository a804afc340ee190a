//! One account as a file tells it, before any of it is checked.

use std::fmt;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::model::Timestamp;
use crate::secret::{PasswordHash, REDACTED};

/// One account as a file tells it. Texts are as they were found; times are parsed, because each format writes them its own way.
#[derive(Debug, Clone, Default)]
#[expect(
    missing_docs,
    reason = "the fields are those of a user, told in the model"
)]
pub struct Record {
    /// The id in the source.
    pub id: Option<String>,
    pub email: Option<String>,
    /// Whether the source says that the address was verified.
    pub email_verified: bool,
    /// When it was verified, if the source knows.
    pub email_verified_at: Option<Timestamp>,
    pub username: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<String>,
    pub avatar_url: Option<String>,
    pub timezone: Option<String>,
    pub locale: Option<String>,
    pub metadata: Map<String, Value>,
    /// The role, by our own name for it.
    pub role: Option<String>,
    /// Roles and groups by the source's names, which the operator maps.
    pub roles: Vec<String>,
    pub suspension: Option<RecordSuspension>,
    pub deleted_at: Option<Timestamp>,
    pub password: Option<RecordPassword>,
    pub password_changed_at: Option<Timestamp>,
    pub last_login_at: Option<Timestamp>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
}

/// That an account may not sign in.
#[derive(Debug, Clone, Default)]
pub struct RecordSuspension {
    /// Since when, if the source knows.
    pub at: Option<Timestamp>,
    /// Until when; `None` is open-ended.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
}

/// What a file tells of a password.
#[derive(Clone)]
pub enum RecordPassword {
    /// A hash in one of the text forms that [`Encoded`](crate::password::Encoded) reads, if it is one.
    Hash(PasswordHash),
    /// The password itself, to be hashed here.
    Plain(Zeroizing<String>),
    /// A hash that cannot be brought to any of those forms; the text says why, without the hash.
    Unusable(&'static str),
}

impl RecordPassword {
    /// A hash as text.
    pub(super) fn hash(text: impl Into<String>) -> Self {
        Self::Hash(PasswordHash::new(text.into()))
    }
}

impl fmt::Debug for RecordPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hash(_) | Self::Plain(_) => f.write_str(REDACTED),
            Self::Unusable(why) => f.write_str(why),
        }
    }
}

impl Record {
    /// Puts `first_name` and `last_name` from one name, where the source has no other.
    pub(super) fn split_name(&mut self, name: Option<String>) {
        if self.first_name.is_some() || self.last_name.is_some() {
            return;
        }
        let Some(name) = name.filter(|name| !name.trim().is_empty()) else {
            return;
        };
        // A source that has no name of a person often shows the address in its place.
        if name.contains('@') {
            return;
        }
        match name.trim().rsplit_once(' ') {
            Some((first, last)) => {
                self.first_name = Some(first.to_owned());
                self.last_name = Some(last.to_owned());
            }
            None => self.first_name = Some(name),
        }
    }

    /// Takes a user name of a source in which it may be the address.
    pub(super) fn username_unless_address(&mut self, name: Option<String>) {
        self.username = present(name).filter(|name| !name.contains('@'));
    }
}

/// A text that says something.
pub(super) fn present(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// A text member of an object, taken out of it.
pub(super) fn take_text(object: &mut Map<String, Value>, name: &str) -> Option<String> {
    match object.get(name) {
        Some(Value::String(_)) => match object.remove(name) {
            Some(Value::String(text)) => present(Some(text)),
            _ => None,
        },
        _ => None,
    }
}
