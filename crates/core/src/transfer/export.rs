//! Users on their way out, in our own two formats.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::csv::write_cell;
use super::own::{COLUMNS, WRITTEN};
use crate::model::{
    AvatarUrl, LocaleTag, PersonName, Phone, TimeZoneName, Timestamp, User, Username,
};
use crate::secret::PasswordHash;

/// The formats that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExportFormat {
    /// JSON Lines.
    Jsonl,
    /// CSV, in which no cell begins a formula.
    Csv,
}

impl ExportFormat {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Jsonl, Self::Csv];

    /// The name used on the command line and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

impl fmt::Display for ExportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ExportFormat {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or(())
    }
}

/// Writes users as an import reads them.
#[derive(Debug, Clone, Copy)]
pub struct Export {
    /// How.
    pub format: ExportFormat,
    /// Whether with password hashes, which are secrets.
    pub with_hashes: bool,
}

impl Export {
    /// What stands before the first user.
    pub fn head(self) -> Vec<u8> {
        match self.format {
            ExportFormat::Jsonl => Vec::new(),
            ExportFormat::Csv => {
                let mut line = self.columns().collect::<Vec<_>>().join(",").into_bytes();
                line.extend(b"\r\n");
                line
            }
        }
    }

    /// One user.
    pub fn row(self, user: &User) -> Vec<u8> {
        let mut fields = fields(user);
        let mut line = Vec::with_capacity(512);
        match self.format {
            ExportFormat::Jsonl => {
                if !self.with_hashes {
                    fields.remove("passwordHash");
                }
                fields.retain(|_, value| !value.is_null());
                line.extend(Value::Object(fields).to_string().bytes());
                line.push(b'\n');
            }
            ExportFormat::Csv => {
                for (at, column) in self.columns().enumerate() {
                    if at > 0 {
                        line.push(b',');
                    }
                    match fields.get(column) {
                        None | Some(Value::Null) => {}
                        Some(Value::String(text)) => write_cell(&mut line, text),
                        Some(other) => write_cell(&mut line, &other.to_string()),
                    }
                }
                line.extend(b"\r\n");
            }
        }
        line
    }

    fn columns(self) -> impl Iterator<Item = &'static str> {
        COLUMNS
            .into_iter()
            .take(WRITTEN)
            .filter(move |column| self.with_hashes || *column != "passwordHash")
    }
}

fn fields(user: &User) -> Map<String, Value> {
    let (profile, suspension) = (&user.profile, user.standing.suspension.as_ref());
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let text = |text: Option<&str>| text.map(str::to_owned);
    let mut fields: Map<String, Value> = [
        ("userId", Some(user.id.to_string())),
        ("email", Some(user.email.as_str().to_owned())),
        ("emailVerifiedAt", time(user.email_verified_at)),
        (
            "username",
            text(user.username.as_ref().map(Username::as_str)),
        ),
        (
            "firstName",
            text(profile.first_name.as_ref().map(PersonName::as_str)),
        ),
        (
            "lastName",
            text(profile.last_name.as_ref().map(PersonName::as_str)),
        ),
        ("phone", text(profile.phone.as_ref().map(Phone::as_str))),
        (
            "avatarUrl",
            text(profile.avatar_url.as_ref().map(AvatarUrl::as_str)),
        ),
        (
            "timezone",
            text(profile.timezone.as_ref().map(TimeZoneName::as_str)),
        ),
        (
            "locale",
            text(profile.locale.as_ref().map(LocaleTag::as_str)),
        ),
        ("role", Some(user.role.as_str().to_owned())),
        (
            "suspendedAt",
            time(suspension.map(|suspension| suspension.at)),
        ),
        (
            "suspendedUntil",
            time(suspension.and_then(|suspension| suspension.until)),
        ),
        (
            "suspensionReason",
            text(suspension.and_then(|suspension| suspension.reason.as_deref())),
        ),
        ("deletedAt", time(user.standing.deleted_at)),
        (
            "passwordHash",
            text(user.password.as_ref().map(PasswordHash::expose)),
        ),
        ("passwordChangedAt", time(user.password_changed_at)),
        ("lastLoginAt", time(user.last_login_at)),
        ("createdAt", time(Some(user.created_at))),
        ("updatedAt", time(Some(user.updated_at))),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.into()))
    .collect();
    if !profile.metadata.members().is_empty() {
        fields.insert(
            "metadata".to_owned(),
            Value::Object(profile.metadata.members().clone()),
        );
    }
    fields
}
