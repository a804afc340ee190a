//! Whom an operator names, one by one or by a filter.

use clap::{Args, ValueEnum};
use ntt_auth_core::Auth;
use ntt_auth_core::flow::{Actor, ListUsers};
use ntt_auth_core::model::{
    Email, FieldErrors, Invalid, Role, Search, Timestamp, User, UserId, Username,
};
use ntt_auth_core::store::{UserFilter, UserSort};

use super::super::Failure;
use super::role;

/// Users read from the store at one time.
const PAGE: u32 = 200;

/// The user whom an operator names by email address, user name or id.
pub(crate) async fn find(auth: &Auth, name: &str) -> Result<User, Failure> {
    let mut read = auth.store().read();
    let found = if let Ok(id) = name.parse::<UserId>() {
        read.users().by_id(id).await?
    } else if let Ok(email) = Email::parse(name) {
        read.users().by_email(&email.folded()).await?
    } else if let Ok(username) = Username::parse(name) {
        read.users().by_username(&username.folded()).await?
    } else {
        None
    };
    found.ok_or_else(|| Failure::NoSuchUser(name.to_owned()))
}

/// Which accounts. Everything given must hold.
#[derive(Debug, Default, Args)]
pub(crate) struct Filter {
    /// Only those with words that begin with each of these, in names, user name or address
    #[arg(long, short = 'q', value_name = "WORDS")]
    search: Option<String>,
    /// Only those of this role
    #[arg(long, value_parser = role())]
    role: Option<Role>,
    /// Only those in this state; without it, deleted ones are left out
    #[arg(long, value_enum)]
    state: Option<StateName>,
    /// Only those whose address is verified, or with `false` those whose is not
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    verified: Option<bool>,
    /// Only those made at or after this time, like 2026-01-31T00:00:00Z
    #[arg(long, value_name = "TIME")]
    created_after: Option<String>,
    /// Only those made before this time
    #[arg(long, value_name = "TIME")]
    created_before: Option<String>,
}

/// The state of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StateName {
    Active,
    Suspended,
    Deleted,
}

impl Filter {
    /// Whether nothing is asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.search.is_none()
            && self.role.is_none()
            && self.state.is_none()
            && self.verified.is_none()
            && self.created_after.is_none()
            && self.created_before.is_none()
    }

    /// As the flows take it; `deleted` also shows deleted accounts.
    pub(crate) fn parse(&self, deleted: bool) -> Result<UserFilter, Failure> {
        let mut errors = FieldErrors::new();
        let mut time = |field, text: Option<&String>| {
            text.and_then(|text| {
                let parsed = Timestamp::parse(text).ok_or(Invalid::new(
                    "invalid_time",
                    "A time is in RFC 3339 form, e.g. 2030-01-01T00:00:00Z.",
                ));
                errors.take(field, parsed)
            })
        };
        let created_after = time("/created-after", self.created_after.as_ref());
        let created_before = time("/created-before", self.created_before.as_ref());
        if !errors.is_empty() {
            return Err(Failure::Invalid(errors));
        }
        Ok(UserFilter {
            search: self.search.as_deref().and_then(Search::parse),
            role: self.role,
            active: self.state.map(|state| state == StateName::Active),
            email_verified: self.verified,
            created_after,
            created_before,
            include_deleted: deleted || self.state == Some(StateName::Deleted),
        })
    }

    /// Whether a user whom the store found is meant: it knows of one kind of inactive accounts only.
    pub(crate) fn fits(&self, user: &User, now: Timestamp) -> bool {
        use ntt_auth_core::model::State;
        match self.state {
            Some(StateName::Suspended) => user.state(now) == State::Suspended,
            Some(StateName::Deleted) => user.state(now) == State::Deleted,
            Some(StateName::Active) | None => true,
        }
    }
}

/// Accounts read page by page.
pub(crate) struct Pages<'a> {
    pub(crate) auth: &'a Auth,
    pub(crate) filter: UserFilter,
    pub(crate) sort: UserSort,
    pub(crate) descending: bool,
    next: Option<Option<String>>,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(
        auth: &'a Auth,
        filter: UserFilter,
        sort: UserSort,
        descending: bool,
    ) -> Self {
        Self {
            auth,
            filter,
            sort,
            descending,
            next: Some(None),
        }
    }

    /// The next page; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<User>>, Failure> {
        let Some(cursor) = self.next.take() else {
            return Ok(None);
        };
        let page = ListUsers {
            actor: Actor::Operator,
            filter: self.filter.clone(),
            sort: self.sort,
            descending: self.descending,
            cursor,
            limit: PAGE,
        }
        .run(self.auth)
        .await?;
        self.next = page.next.map(Some);
        Ok(Some(page.users))
    }
}
