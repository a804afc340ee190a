//! Users.

use async_trait::async_trait;

use crate::model::{FoldedEmail, FoldedUsername, Role, Search, Timestamp, User, UserId};
use crate::secret::PasswordHash;
use crate::store::StoreError;

/// Which users a list shows. Everything given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Is found by this.
    pub search: Option<Search>,
    /// Has this role.
    pub role: Option<Role>,
    /// Is neither suspended nor deleted at `now` (or is, if `false`).
    pub active: Option<bool>,
    /// Has a verified address (or has not, if `false`).
    pub email_verified: Option<bool>,
    /// Was made at or after this time.
    pub created_after: Option<Timestamp>,
    /// Was made before this time.
    pub created_before: Option<Timestamp>,
    /// Also shows deleted users.
    pub include_deleted: bool,
}

/// What a list is sorted by; the id breaks ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum UserSort {
    /// `createdAt`
    #[default]
    CreatedAt,
    /// `email`, in its folded form, by code point.
    Email,
    /// `lastLoginAt`; users who never signed in count as the epoch.
    LastLoginAt,
}

/// The sort key of the last user of a page: where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserPlace {
    /// For [`UserSort::CreatedAt`] and [`UserSort::LastLoginAt`]: the time (the epoch for never).
    Time(Timestamp, UserId),
    /// For [`UserSort::Email`]: the folded address.
    Text(String, UserId),
}

/// A page of a list of users (keyset paging: no page is shifted by inserts before it).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserQuery {
    /// Which.
    pub filter: UserFilter,
    /// In which order.
    pub sort: UserSort,
    /// Greatest first.
    pub descending: bool,
    /// After this place, in the list's direction.
    pub after: Option<UserPlace>,
    /// At most so many.
    pub limit: u32,
    /// The time at which "active" is judged.
    pub now: Timestamp,
}

impl UserQuery {
    /// Everybody there is, deleted ones too, in the order in which they came to be.
    pub fn everybody(limit: u32, now: Timestamp) -> Self {
        Self {
            filter: UserFilter {
                include_deleted: true,
                ..UserFilter::default()
            },
            sort: UserSort::CreatedAt,
            descending: false,
            after: None,
            limit,
            now,
        }
    }
}

/// Reading users.
#[async_trait]
pub trait ReadUsers: Send {
    /// The user of this id, deleted ones too.
    async fn by_id(&mut self, id: UserId) -> Result<Option<User>, StoreError>;

    /// The user of this address, deleted ones too: an address is free again only after erasure.
    async fn by_email(&mut self, email: &FoldedEmail) -> Result<Option<User>, StoreError>;

    /// The user of this user name, deleted ones too.
    async fn by_username(&mut self, username: &FoldedUsername) -> Result<Option<User>, StoreError>;

    /// One page in the query's order.
    async fn page(&mut self, query: &UserQuery) -> Result<Vec<User>, StoreError>;

    /// At most `limit` users who were deleted before `before`, the longest deleted first.
    async fn deleted_before(
        &mut self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError>;

    /// At most `limit` users who are not deleted, whose address is not verified and who were to verify it before
    /// `before`, the longest overdue first.
    async fn unverified_before(
        &mut self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError>;

    /// How many super admins are neither deleted nor suspended open-endedly.
    async fn count_super_admins(&mut self) -> Result<u64, StoreError>;
}

/// Writing users. What a user is found by ([`crate::model::SearchWords`]) follows in the same transaction.
#[async_trait]
pub trait Users: ReadUsers {
    /// Adds a user. [`StoreError::Taken`] with [`crate::store::Unique::Email`] or `Username` if another has them.
    async fn insert(&mut self, user: &User) -> Result<(), StoreError>;

    /// Writes every field of `user` but `created_at`, which stays as it was inserted, if the stored revision is still
    /// `user.revision`, and counts the revision up; `false` if it is not, or there is no such user. `Taken` as for `insert`.
    async fn update(&mut self, user: &User) -> Result<bool, StoreError>;

    /// Notes a sign-in without touching the revision. One that was later stays the last.
    async fn note_sign_in(&mut self, id: UserId, at: Timestamp) -> Result<(), StoreError>;

    /// Replaces the password hash if it still is `old`, without touching the revision; `false` if it is another.
    async fn upgrade_password(
        &mut self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError>;

    /// Removes a user with the words they are found by, and nothing else of theirs; `false` if there is none. Of
    /// concurrent callers one gets `true`. Address and user name are free again.
    async fn erase(&mut self, id: UserId) -> Result<bool, StoreError>;
}
