//! Listing users.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::flow::{Actor, Auth, Fault};
use crate::model::{SearchScope, Timestamp, User, UserId};
use crate::policy::{Action, Reach};
use crate::store::{UserFilter, UserPlace, UserQuery, UserSort};
use crate::token::InvalidCursor;

/// How much of a user is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Everything but secrets.
    Full,
    /// Without contact data: email, phone, metadata.
    Limited,
}

/// Lists users in pages.
#[derive(Debug)]
pub struct ListUsers {
    /// Who asks.
    pub actor: Actor,
    /// Which users.
    pub filter: UserFilter,
    /// In which order.
    pub sort: UserSort,
    /// Greatest first.
    pub descending: bool,
    /// The cursor of the page before, if this is not the first.
    pub cursor: Option<String>,
    /// How many at most, 1–200.
    pub limit: u32,
}

/// One page.
#[derive(Debug)]
pub struct UserPage {
    /// The users.
    pub users: Vec<User>,
    /// How much of each to show.
    pub view: View,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum ListUsersError {
    /// The actor may not list users, or not in this way.
    #[error("this role may not list users")]
    Forbidden,
    /// The cursor is not one of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}

impl From<crate::store::StoreError> for ListUsersError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Fault(error.into())
    }
}

#[derive(Serialize, Deserialize)]
enum Place {
    T(i64, Uuid),
    S(String, Uuid),
}

impl ListUsers {
    /// One page, with the cursor of the next.
    pub async fn run(self, auth: &Auth) -> Result<UserPage, ListUsersError> {
        let view = match Action::ListUsers.reach(self.actor.role()) {
            Reach::All => View::Full,
            Reach::Limited => View::Limited,
            _ => return Err(ListUsersError::Forbidden),
        };
        // Searching or sorting by an address tells it, letter by letter, to who may not see it.
        let by_contact = self.sort == UserSort::Email;
        let mut filter = self.filter;
        if let (View::Limited, Some(search)) = (view, &mut filter.search) {
            search.scope = SearchScope::Shown;
        }
        let deleted =
            filter.include_deleted && !Action::RestoreUser.reach(self.actor.role()).is_some();
        if (view == View::Limited && by_contact) || deleted {
            return Err(ListUsersError::Forbidden);
        }
        let list = format!("users {:?} {} {:?}", self.sort, self.descending, filter);
        let after = match &self.cursor {
            Some(cursor) => Some(place(auth.cursors.decode(&list, cursor)?)),
            None => None,
        };
        let query = UserQuery {
            filter,
            sort: self.sort,
            descending: self.descending,
            after,
            limit: self.limit + 1,
            now: auth.clock.now(),
        };
        let mut users = auth.store.read().users().page(&query).await?;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = users.len() > limit;
        users.truncate(limit);
        let next = match users.last() {
            Some(last) if more => Some(auth.cursors.encode(&list, &place_of(last, query.sort))),
            _ => None,
        };
        Ok(UserPage { users, view, next })
    }
}

fn place_of(user: &User, sort: UserSort) -> Place {
    let id = user.id.uuid();
    match sort {
        UserSort::CreatedAt => Place::T(user.created_at.millis(), id),
        UserSort::LastLoginAt => Place::T(user.last_login_at.map_or(0, Timestamp::millis), id),
        UserSort::Email => Place::S(user.email.folded().as_str().to_owned(), id),
    }
}

fn place(place: Place) -> UserPlace {
    match place {
        Place::T(millis, id) => {
            UserPlace::Time(Timestamp::from_millis(millis), UserId::from_uuid(id))
        }
        Place::S(text, id) => UserPlace::Text(text, UserId::from_uuid(id)),
    }
}
