//! Users.

use ntt_auth_core::flow::{Actor, View};
use ntt_auth_core::model::{Role, State, Timestamp, User, UserId};
use ntt_auth_core::policy::{Action, Reach};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::role_schema;

/// A user. To moderators, `email`, `phone` and `metadata` of others are left out.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User, example = json!({
    "userId": "0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f",
    "email": "ada@example.com",
    "username": "ada",
    "firstName": "Ada",
    "lastName": "Lovelace",
    "role": "user",
    "isActive": true,
    "isEmailVerified": false,
    "isSuperuser": false,
    "phone": "+442071234567",
    "avatarUrl": null,
    "timezone": "Europe/London",
    "locale": "en-GB",
    "metadata": { "plan": "free" },
    "lastLoginAt": "2026-01-02T03:04:05.678Z",
    "createdAt": "2026-01-01T00:00:00.000Z",
    "updatedAt": "2026-01-01T00:00:00.000Z",
    "suspendedUntil": null,
    "deletedAt": null,
}))]
pub(crate) struct UserBody {
    /// The `sub` of their tokens.
    #[schema(value_type = String, format = Uuid)]
    user_id: UserId,
    /// Their address.
    #[schema(value_type = String, required = false, format = Email)]
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Their user name.
    #[schema(required)]
    username: Option<String>,
    /// Given name.
    #[schema(required)]
    first_name: Option<String>,
    /// Family name.
    #[schema(required)]
    last_name: Option<String>,
    /// What they may do.
    #[schema(schema_with = role_schema)]
    role: Role,
    /// Whether they may sign in: neither suspended nor deleted.
    is_active: bool,
    /// Whether the address was shown to be theirs.
    is_email_verified: bool,
    /// Whether the role is `super_admin`.
    is_superuser: bool,
    /// Telephone number in E.164 form.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
    /// Address of a picture.
    #[schema(required, format = Uri)]
    avatar_url: Option<String>,
    /// IANA time zone.
    #[schema(required)]
    timezone: Option<String>,
    /// BCP 47 language tag.
    #[schema(required)]
    locale: Option<String>,
    /// Whatever an application keeps with the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    metadata: Option<Map<String, Value>>,
    /// When a password was last accepted.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_login_at: Option<Timestamp>,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// When a suspension lifts by itself; `null` with `isActive: false` and no `deletedAt` is an open-ended one.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    suspended_until: Option<Timestamp>,
    /// When the account was deleted; it can be restored until it is erased.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    deleted_at: Option<Timestamp>,
}

impl UserBody {
    /// Shows `user` as they are at `now`, as far as `view` allows.
    pub(crate) fn of(user: &User, view: View, now: Timestamp) -> Self {
        let state = user.state(now);
        let profile = &user.profile;
        let full = view == View::Full;
        let suspension = user.standing.suspension.as_ref();
        Self {
            user_id: user.id,
            email: full.then(|| user.email.as_str().to_owned()),
            username: user.username.as_ref().map(|name| name.as_str().to_owned()),
            first_name: profile
                .first_name
                .as_ref()
                .map(|name| name.as_str().to_owned()),
            last_name: profile
                .last_name
                .as_ref()
                .map(|name| name.as_str().to_owned()),
            role: user.role,
            is_active: state == State::Active,
            is_email_verified: user.email_verified_at.is_some(),
            is_superuser: user.role.is_superuser(),
            phone: full.then(|| {
                profile
                    .phone
                    .as_ref()
                    .map(|phone| phone.as_str().to_owned())
            }),
            avatar_url: profile
                .avatar_url
                .as_ref()
                .map(|url| url.as_str().to_owned()),
            timezone: profile
                .timezone
                .as_ref()
                .map(|zone| zone.as_str().to_owned()),
            locale: profile
                .locale
                .as_ref()
                .map(|locale| locale.as_str().to_owned()),
            metadata: full.then(|| profile.metadata.members().clone()),
            last_login_at: user.last_login_at,
            created_at: user.created_at,
            updated_at: user.updated_at,
            suspended_until: suspension
                .and_then(|suspension| suspension.until)
                .filter(|until| now < *until),
            deleted_at: user.standing.deleted_at,
        }
    }
}

/// How much of the user `id` is shown to `actor`, who was allowed to do something to them.
pub(crate) fn view_for(actor: Actor, id: UserId) -> View {
    match Action::ReadUser.reach(actor.role()) {
        Reach::All => View::Full,
        _ if actor.is(id) => View::Full,
        _ => View::Limited,
    }
}

/// One page of users.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserList {
    /// The users of this page.
    pub(crate) items: Vec<UserBody>,
    /// Gives the next page as `cursor`; `null` after the last.
    #[schema(required, example = json!(null))]
    pub(crate) next_cursor: Option<String>,
}
