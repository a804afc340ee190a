//! How an account is shown, and `ntt-auth user show`.

use ntt_auth_core::model::{
    AvatarUrl, LocaleTag, PersonName, Phone, State, TimeZoneName, Timestamp, User, Username,
};
use serde_json::{Value, json};

use super::super::table::cell;
use super::super::{Failure, open, print};
use super::find;
use crate::settings::Settings;

pub(super) async fn run(name: &str, json: bool, settings: &Settings) -> Result<(), Failure> {
    let auth = open(settings).await?.auth;
    let user = find(&auth, name).await?;
    let shown = json_of(&user, auth.now());
    print(&if json {
        format!("{shown}\n")
    } else {
        lines(&shown)
    })
}

/// A word for the state of an account.
pub(super) fn state_of(user: &User, now: Timestamp) -> &'static str {
    match user.state(now) {
        State::Active => "active",
        State::Suspended => "suspended",
        State::Deleted => "deleted",
    }
}

/// Everything about an account but secrets, with the names of the API.
pub(super) fn json_of(user: &User, now: Timestamp) -> Value {
    let profile = &user.profile;
    let suspension = user.standing.suspension.as_ref();
    json!({
        "userId": user.id,
        "email": user.email.as_str(),
        "isEmailVerified": user.email_verified_at.is_some(),
        "username": user.username.as_ref().map(Username::as_str),
        "firstName": profile.first_name.as_ref().map(PersonName::as_str),
        "lastName": profile.last_name.as_ref().map(PersonName::as_str),
        "role": user.role,
        "state": state_of(user, now),
        "isActive": user.state(now) == State::Active,
        "hasPassword": user.password.is_some(),
        "phone": profile.phone.as_ref().map(Phone::as_str),
        "avatarUrl": profile.avatar_url.as_ref().map(AvatarUrl::as_str),
        "timezone": profile.timezone.as_ref().map(TimeZoneName::as_str),
        "locale": profile.locale.as_ref().map(LocaleTag::as_str),
        "metadata": profile.metadata.members(),
        "lastLoginAt": user.last_login_at,
        "createdAt": user.created_at,
        "updatedAt": user.updated_at,
        "suspendedUntil": suspension.and_then(|suspension| suspension.until),
        "suspensionReason": suspension.and_then(|suspension| suspension.reason.as_deref()),
        "deletedAt": user.standing.deleted_at,
    })
}

/// The same for people: a line for each thing that is there.
fn lines(shown: &Value) -> String {
    use std::fmt::Write as _;

    let mut lines = String::new();
    for (name, value) in shown.as_object().into_iter().flatten() {
        if !value.is_null() && *value != json!({}) {
            let text = value.as_str().map_or_else(|| value.to_string(), cell);
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "{name:<16}  {text}");
        }
    }
    lines
}
