//! `users`

use async_trait::async_trait;
use ntt_auth_core::model::{
    AvatarUrl, Email, FoldedEmail, FoldedUsername, LocaleTag, Metadata, PersonName, Phone, Profile,
    Role, SearchWords, Standing, Suspension, TimeZoneName, Timestamp, User, UserId, Username,
};
use ntt_auth_core::secret::PasswordHash;
use ntt_auth_core::store::{ReadUsers, StoreError, UserQuery, Users};

use super::{user_search, users_page};
use crate::engine::{Error, Row, Statement, Value};
use crate::view::View;

/// In the order in which [`user`] reads them.
macro_rules! columns {
    () => {
        "id, email, email_verified_at, username, first_name, last_name, phone, avatar_url, timezone, locale, \
         metadata, role, suspended_at, suspended_until, suspension_reason, deleted_at, password, \
         password_changed_at, token_version, last_login_at, created_at, updated_at, verify_by, revision"
    };
}
pub(super) use columns;

static BY_ID: Statement = Statement::new(
    "users.by_id",
    concat!("SELECT ", columns!(), " FROM users WHERE id = ?"),
);

static BY_EMAIL: Statement = Statement::new(
    "users.by_email",
    concat!("SELECT ", columns!(), " FROM users WHERE email_folded = ?"),
);

static BY_USERNAME: Statement = Statement::new(
    "users.by_username",
    concat!(
        "SELECT ",
        columns!(),
        " FROM users WHERE username_folded = ?"
    ),
);

static DELETED_BEFORE: Statement = Statement::new(
    "users.deleted_before",
    "SELECT id FROM users WHERE deleted_at < ? ORDER BY deleted_at LIMIT ?",
);

static UNVERIFIED_BEFORE: Statement = Statement::new(
    "users.unverified_before",
    "SELECT id FROM users WHERE verify_by < ? AND email_verified_at IS NULL AND deleted_at IS NULL \
     ORDER BY verify_by LIMIT ?",
);

static COUNT_SUPER_ADMINS: Statement = Statement::new(
    "users.count_super_admins",
    "SELECT COUNT(*) FROM users WHERE role = ? AND deleted_at IS NULL \
     AND (suspended_at IS NULL OR suspended_until IS NOT NULL)",
);

static INSERT: Statement = Statement::new(
    "users.insert",
    "INSERT INTO users (email, email_folded, email_verified_at, username, username_folded, first_name, last_name, \
     phone, avatar_url, timezone, locale, metadata, role, suspended_at, suspended_until, suspension_reason, \
     deleted_at, password, password_changed_at, token_version, updated_at, search_words, verify_by, last_login_at, \
     created_at, id, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
)
.may_collide();

static UPDATE: Statement = Statement::new(
    "users.update",
    // A sign-in is noted without a revision, so it may be later than the one the caller has seen. When an account came to be
    // is never changed: searches are in that order.
    "UPDATE users SET email = ?, email_folded = ?, email_verified_at = ?, username = ?, username_folded = ?, \
     first_name = ?, last_name = ?, phone = ?, avatar_url = ?, timezone = ?, locale = ?, metadata = ?, role = ?, \
     suspended_at = ?, suspended_until = ?, suspension_reason = ?, deleted_at = ?, password = ?, \
     password_changed_at = ?, token_version = ?, updated_at = ?, search_words = ?, verify_by = ?, \
     last_login_at = CASE WHEN last_login_at > ? THEN last_login_at ELSE ? END, \
     revision = revision + 1 WHERE id = ? AND revision = ?",
)
.may_collide();

static NOTE_SIGN_IN: Statement = Statement::new(
    "users.note_sign_in",
    "UPDATE users SET last_login_at = ? WHERE id = ? AND last_login_at < ?",
);

static UPGRADE_PASSWORD: Statement = Statement::new(
    "users.upgrade_password",
    "UPDATE users SET password = ? WHERE id = ? AND password = ?",
);

static ERASE: Statement = Statement::new("users.erase", "DELETE FROM users WHERE id = ?");

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[
    &BY_ID,
    &BY_EMAIL,
    &BY_USERNAME,
    &DELETED_BEFORE,
    &UNVERIFIED_BEFORE,
    &COUNT_SUPER_ADMINS,
    &INSERT,
    &UPDATE,
    &NOTE_SIGN_IN,
    &UPGRADE_PASSWORD,
    &ERASE,
];

#[async_trait]
impl ReadUsers for View<'_> {
    async fn by_id(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        self.first(&BY_ID, &[id.uuid().into()], user).await
    }

    async fn by_email(&mut self, email: &FoldedEmail) -> Result<Option<User>, StoreError> {
        self.first(&BY_EMAIL, &[email.as_str().into()], user).await
    }

    async fn by_username(&mut self, username: &FoldedUsername) -> Result<Option<User>, StoreError> {
        self.first(&BY_USERNAME, &[username.as_str().into()], user)
            .await
    }

    async fn page(&mut self, query: &UserQuery) -> Result<Vec<User>, StoreError> {
        users_page::page(self, query).await
    }

    async fn deleted_before(
        &mut self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError> {
        self.all(
            &DELETED_BEFORE,
            &[before.into(), limit.into()],
            |mut row| row.id().map(UserId::from_uuid),
        )
        .await
    }

    async fn unverified_before(
        &mut self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError> {
        self.all(
            &UNVERIFIED_BEFORE,
            &[before.into(), limit.into()],
            |mut row| row.id().map(UserId::from_uuid),
        )
        .await
    }

    async fn count_super_admins(&mut self) -> Result<u64, StoreError> {
        let count = self
            .one(
                &COUNT_SUPER_ADMINS,
                &[Role::SuperAdmin.as_str().into()],
                |mut row| row.int(),
            )
            .await?;
        Ok(count.unsigned_abs())
    }
}

#[async_trait]
impl Users for View<'_> {
    async fn insert(&mut self, user: &User) -> Result<(), StoreError> {
        let words = SearchWords::of(user);
        let mut values = settable(user, &words);
        values.extend([
            last_login(user),
            user.created_at.into(),
            user.id.uuid().into(),
            user.revision.into(),
        ]);
        self.count(&INSERT, &values).await?;
        user_search::replace(
            self,
            (user.id, user.created_at),
            &SearchWords::default(),
            &words,
        )
        .await
    }

    async fn update(&mut self, user: &User) -> Result<bool, StoreError> {
        let words = SearchWords::of(user);
        // They change with the revision alone, which the update holds to.
        let Some((before, created_at)) = user_search::words_of(self, user.id).await? else {
            return Ok(false);
        };
        let mut values = settable(user, &words);
        values.extend([
            last_login(user),
            last_login(user),
            user.id.uuid().into(),
            user.revision.into(),
        ]);
        if !self.took(&UPDATE, &values).await? {
            return Ok(false);
        }
        user_search::replace(self, (user.id, created_at), &before, &words).await?;
        Ok(true)
    }

    async fn note_sign_in(&mut self, id: UserId, at: Timestamp) -> Result<(), StoreError> {
        self.count(&NOTE_SIGN_IN, &[at.into(), id.uuid().into(), at.into()])
            .await
            .map(drop)
    }

    async fn upgrade_password(
        &mut self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        self.took(
            &UPGRADE_PASSWORD,
            &[new.expose().into(), id.uuid().into(), old.expose().into()],
        )
        .await
    }

    async fn erase(&mut self, id: UserId) -> Result<bool, StoreError> {
        let Some((words, created_at)) = user_search::words_of(self, id).await? else {
            return Ok(false);
        };
        if !self.took(&ERASE, &[id.uuid().into()]).await? {
            return Ok(false);
        }
        user_search::replace(self, (id, created_at), &words, &SearchWords::default()).await?;
        Ok(true)
    }
}

/// The values of both [`INSERT`] and [`UPDATE`], in their order.
fn settable(user: &User, words: &SearchWords) -> Vec<Value> {
    let (profile, suspension) = (&user.profile, user.standing.suspension.as_ref());
    vec![
        user.email.as_str().into(),
        user.email.folded().as_str().into(),
        user.email_verified_at.into(),
        user.username.as_ref().map(Username::as_str).into(),
        user.username
            .as_ref()
            .map(|name| name.folded().as_str().to_owned())
            .into(),
        profile.first_name.as_ref().map(PersonName::as_str).into(),
        profile.last_name.as_ref().map(PersonName::as_str).into(),
        profile.phone.as_ref().map(Phone::as_str).into(),
        profile.avatar_url.as_ref().map(AvatarUrl::as_str).into(),
        profile.timezone.as_ref().map(TimeZoneName::as_str).into(),
        profile.locale.as_ref().map(LocaleTag::as_str).into(),
        serde_json::Value::Object(profile.metadata.members().clone())
            .to_string()
            .into(),
        user.role.as_str().into(),
        suspension.map(|suspension| suspension.at).into(),
        suspension.and_then(|suspension| suspension.until).into(),
        suspension
            .and_then(|suspension| suspension.reason.as_deref())
            .into(),
        user.standing.deleted_at.into(),
        user.password.as_ref().map(PasswordHash::expose).into(),
        user.password_changed_at.into(),
        user.token_version.into(),
        user.updated_at.into(),
        words.text().into(),
        user.verify_by.into(),
    ]
}

fn last_login(user: &User) -> Value {
    user.last_login_at.unwrap_or(Timestamp::EPOCH).into()
}

pub(super) fn user(mut row: Row) -> Result<User, Error> {
    Ok(User {
        id: UserId::from_uuid(row.id()?),
        email: Email::from_stored(row.text()?),
        email_verified_at: row.opt_time()?,
        username: row.opt_text()?.map(Username::from_stored),
        profile: Profile {
            first_name: row.opt_text()?.map(PersonName::from_stored),
            last_name: row.opt_text()?.map(PersonName::from_stored),
            phone: row.opt_text()?.map(Phone::from_stored),
            avatar_url: row.opt_text()?.map(AvatarUrl::from_stored),
            timezone: row.opt_text()?.map(TimeZoneName::from_stored),
            locale: row.opt_text()?.map(LocaleTag::from_stored),
            metadata: Metadata::from_stored(
                serde_json::from_str(&row.text()?).map_err(|_| row.corrupt())?,
            ),
        },
        role: row.name()?,
        standing: Standing {
            suspension: suspension(&mut row)?,
            deleted_at: row.opt_time()?,
        },
        password: row.opt_text()?.map(PasswordHash::new),
        password_changed_at: row.opt_time()?,
        token_version: row.int()?,
        last_login_at: Some(row.time()?).filter(|at| *at != Timestamp::EPOCH),
        created_at: row.time()?,
        updated_at: row.time()?,
        verify_by: row.opt_time()?,
        revision: row.int()?,
    })
}

fn suspension(row: &mut Row) -> Result<Option<Suspension>, Error> {
    let (at, until, reason) = (row.opt_time()?, row.opt_time()?, row.opt_text()?);
    Ok(at.map(|at| Suspension { at, until, reason }))
}
