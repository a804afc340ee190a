//! `users`

use async_trait::async_trait;
use mongodb::bson::{Bson, doc};
use ntt_auth_core::model::{
    AvatarUrl, Email, FoldedEmail, FoldedUsername, LocaleTag, Metadata, PersonName, Phone, Profile,
    Role, SearchWords, Standing, Suspension, TimeZoneName, Timestamp, User, UserId, Username,
};
use ntt_auth_core::secret::PasswordHash;
use ntt_auth_core::store::{ReadUsers, StoreError, Unique, UserQuery, Users};

use super::consents::raced;
use super::{user_search, users_page};
use crate::error::Error;
use crate::value::{Doc, Fields, id, is_there, time};
use crate::view::{Find, View};

pub(super) const USERS: &str = "users";

#[async_trait]
impl ReadUsers for View<'_> {
    async fn by_id(&mut self, user_id: UserId) -> Result<Option<User>, StoreError> {
        self.first(of_id(user_id), user).await
    }

    async fn by_email(&mut self, email: &FoldedEmail) -> Result<Option<User>, StoreError> {
        let find = Find::new(USERS, doc! { "email_folded": email.as_str() });
        self.first(find, user).await
    }

    async fn by_username(&mut self, username: &FoldedUsername) -> Result<Option<User>, StoreError> {
        let find = Find::new(USERS, doc! { "username_folded": username.as_str() });
        self.first(find, user).await
    }

    async fn page(&mut self, query: &UserQuery) -> Result<Vec<User>, StoreError> {
        users_page::page(self, query).await
    }

    async fn deleted_before(
        &mut self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError> {
        let deleted = doc! { "deleted_at": { "$lt": time(before) } };
        let find = Find::new(USERS, deleted)
            .along("users_deleted_at")
            .sorted(doc! { "deleted_at": 1 });
        self.ids(find, limit).await
    }

    async fn unverified_before(
        &mut self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError> {
        let overdue = doc! {
            "verify_by": { "$lt": time(before) },
            "email_verified_at": Bson::Null,
            "deleted_at": Bson::Null,
        };
        let find = Find::new(USERS, overdue)
            .along("users_verify_by")
            .sorted(doc! { "verify_by": 1 });
        self.ids(find, limit).await
    }

    async fn count_super_admins(&mut self) -> Result<u64, StoreError> {
        let active = doc! {
            "role": Role::SuperAdmin.as_str(),
            "deleted_at": Bson::Null,
            "$or": [{ "suspended_at": Bson::Null }, { "suspended_until": is_there() }],
        };
        self.counted(USERS, active, None, "users_role").await
    }
}

#[async_trait]
impl Users for View<'_> {
    async fn insert(&mut self, user: &User) -> Result<(), StoreError> {
        let key = id(user.id.uuid());
        // A key that is met would be the end of the transaction.
        for other in self.meeting(user).await? {
            other.is_no_other(user)?;
            if other.id == user.id {
                return Err(StoreError::Taken(Unique::Id));
            }
        }
        let document = settable(user)
            .set("_id", key)
            .set("last_login_at", last_login(user))
            .set("created_at", time(user.created_at))
            .set("revision", user.revision)
            .document();
        View::insert(self, USERS, document).await.map_err(raced)
    }

    async fn update(&mut self, user: &User) -> Result<bool, StoreError> {
        let met = self.meeting(user).await?;
        let stored = met.iter().find(|other| other.id == user.id);
        if stored.is_none_or(|stored| stored.revision != user.revision) {
            return Ok(false);
        }
        for other in met.iter().filter(|other| other.id != user.id) {
            other.is_no_other(user)?;
        }
        let mut change = settable(user).change();
        // A sign-in is noted without a revision, so it may be later than the one the caller has seen. When an account came
        // to be is never changed: searches are in that order.
        change.insert("$max", doc! { "last_login_at": last_login(user) });
        change.insert("$inc", doc! { "revision": 1_i64 });
        let there = doc! { "_id": id(user.id.uuid()), "revision": user.revision };
        self.took(USERS, there, change).await.map_err(raced)
    }

    async fn note_sign_in(&mut self, user: UserId, at: Timestamp) -> Result<(), StoreError> {
        let earlier = doc! { "_id": id(user.uuid()), "last_login_at": { "$lt": time(at) } };
        let change = doc! { "$set": { "last_login_at": time(at) } };
        self.took(USERS, earlier, change).await.map(drop)
    }

    async fn upgrade_password(
        &mut self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let there = doc! { "_id": id(user.uuid()), "password": old.expose() };
        self.took(USERS, there, doc! { "$set": { "password": new.expose() } })
            .await
    }

    async fn erase(&mut self, user: UserId) -> Result<bool, StoreError> {
        let removed = self.remove(USERS, doc! { "_id": id(user.uuid()) }).await?;
        Ok(removed > 0)
    }
}

/// A user whose id, address or user name is that of another.
struct Met {
    id: UserId,
    email: String,
    username: Option<String>,
    revision: i64,
}

impl Met {
    /// Unless it has the address or the user name of `user`.
    fn is_no_other(&self, user: &User) -> Result<(), StoreError> {
        if self.email == user.email.folded().as_str() {
            return Err(StoreError::Taken(Unique::Email));
        }
        if self.username.is_some() && self.username == folded_username(user) {
            return Err(StoreError::Taken(Unique::Username));
        }
        Ok(())
    }
}

impl View<'_> {
    /// The users who have the id, the address or the user name of `user`.
    async fn meeting(&mut self, user: &User) -> Result<Vec<Met>, StoreError> {
        let mut keys = vec![
            doc! { "_id": id(user.id.uuid()) },
            doc! { "email_folded": user.email.folded().as_str() },
        ];
        if let Some(username) = folded_username(user) {
            keys.push(doc! { "username_folded": username });
        }
        let find = Find::new(USERS, doc! { "$or": keys })
            .only(doc! { "email_folded": 1, "username_folded": 1, "revision": 1 });
        self.all(find, |mut doc| {
            Ok(Met {
                id: UserId::from_uuid(doc.id("_id")?),
                email: doc.text("email_folded")?,
                username: doc.opt_text("username_folded")?,
                revision: doc.int("revision")?,
            })
        })
        .await
    }

    async fn ids(&mut self, find: Find, limit: u32) -> Result<Vec<UserId>, StoreError> {
        let find = find.only(doc! { "_id": 1 }).limit(limit);
        self.all(find, |mut doc| doc.id("_id").map(UserId::from_uuid))
            .await
    }
}

fn of_id(user: UserId) -> Find {
    Find::new(USERS, doc! { "_id": id(user.uuid()) })
}

fn folded_username(user: &User) -> Option<String> {
    user.username
        .as_ref()
        .map(|name| name.folded().as_str().to_owned())
}

/// What is written with a user whenever they are.
fn settable(user: &User) -> Fields {
    let (profile, suspension) = (&user.profile, user.standing.suspension.as_ref());
    let metadata = serde_json::Value::Object(profile.metadata.members().clone());
    Fields::new()
        .set("email", user.email.as_str())
        .set("email_folded", user.email.folded().as_str())
        .opt("email_verified_at", user.email_verified_at.map(time))
        // Beside the time, because an index counts what is there, and not what is missing.
        .set("email_verified", user.email_verified_at.is_some())
        .opt("username", user.username.as_ref().map(Username::as_str))
        .opt("username_folded", folded_username(user))
        .opt(
            "first_name",
            profile.first_name.as_ref().map(PersonName::as_str),
        )
        .opt(
            "last_name",
            profile.last_name.as_ref().map(PersonName::as_str),
        )
        .opt("phone", profile.phone.as_ref().map(Phone::as_str))
        .opt(
            "avatar_url",
            profile.avatar_url.as_ref().map(AvatarUrl::as_str),
        )
        .opt(
            "timezone",
            profile.timezone.as_ref().map(TimeZoneName::as_str),
        )
        .opt("locale", profile.locale.as_ref().map(LocaleTag::as_str))
        .set("metadata", metadata.to_string())
        .set("role", user.role.as_str())
        .opt("suspended_at", suspension.map(|it| time(it.at)))
        .opt(
            "suspended_until",
            suspension.and_then(|it| it.until).map(time),
        )
        .opt(
            "suspension_reason",
            suspension.and_then(|it| it.reason.as_deref()),
        )
        .opt("deleted_at", user.standing.deleted_at.map(time))
        .opt("password", user.password.as_ref().map(PasswordHash::expose))
        .opt("password_changed_at", user.password_changed_at.map(time))
        .set("token_version", user.token_version)
        .set("updated_at", time(user.updated_at))
        .set("search_words", user_search::words(&SearchWords::of(user)))
        .opt("verify_by", user.verify_by.map(time))
}

/// The epoch for never, so that lists sorted by it have everybody.
fn last_login(user: &User) -> Bson {
    time(user.last_login_at.unwrap_or(Timestamp::EPOCH))
}

pub(super) fn user(mut doc: Doc) -> Result<User, Error> {
    let metadata = serde_json::from_str(&doc.text("metadata")?);
    let metadata = metadata.map_err(|_| doc.corrupt("metadata"))?;
    let suspended_at = doc.opt_time("suspended_at")?;
    let (until, reason) = (
        doc.opt_time("suspended_until")?,
        doc.opt_text("suspension_reason")?,
    );
    Ok(User {
        id: UserId::from_uuid(doc.id("_id")?),
        email: Email::from_stored(doc.text("email")?),
        email_verified_at: doc.opt_time("email_verified_at")?,
        username: doc.opt_text("username")?.map(Username::from_stored),
        profile: Profile {
            first_name: doc.opt_text("first_name")?.map(PersonName::from_stored),
            last_name: doc.opt_text("last_name")?.map(PersonName::from_stored),
            phone: doc.opt_text("phone")?.map(Phone::from_stored),
            avatar_url: doc.opt_text("avatar_url")?.map(AvatarUrl::from_stored),
            timezone: doc.opt_text("timezone")?.map(TimeZoneName::from_stored),
            locale: doc.opt_text("locale")?.map(LocaleTag::from_stored),
            metadata: Metadata::from_stored(metadata),
        },
        role: doc.name("role")?,
        standing: Standing {
            suspension: suspended_at.map(|at| Suspension { at, until, reason }),
            deleted_at: doc.opt_time("deleted_at")?,
        },
        password: doc.opt_text("password")?.map(PasswordHash::new),
        password_changed_at: doc.opt_time("password_changed_at")?,
        token_version: doc.int("token_version")?,
        last_login_at: Some(doc.time("last_login_at")?).filter(|at| *at != Timestamp::EPOCH),
        created_at: doc.time("created_at")?,
        updated_at: doc.time("updated_at")?,
        verify_by: doc.opt_time("verify_by")?,
        revision: doc.int("revision")?,
    })
}
