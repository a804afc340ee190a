//! Pages of users: the one statement whose text depends on what is asked.
//!
//! A page is found in one of two ways. Usually the index of its order is walked until the page is full, which is quick
//! as long as enough users fit. What fits few would be looked for in vain for a long time; so for each part of the
//! filter that may be rare it is counted, up to a bound, how many users it leaves. If they are few, they are taken
//! from its own index, looked at and sorted.

use ntt_auth_core::model::{Role, Search, SearchScope, Timestamp, User};
use ntt_auth_core::store::{StoreError, UserFilter, UserPlace, UserQuery, UserSort};

use super::users::{columns, user};
use crate::engine::{Statement, Value};
use crate::view::View;

/// So many users are looked at and sorted sooner than an order is walked. With a million users and pages of 50 both
/// ways cost about the same then.
const FEW: u32 = 5000;
/// With so few, nothing rarer need be looked for.
const VERY_FEW: i64 = 100;

/// One page in the query's order.
pub(super) async fn page(view: &mut View<'_>, query: &UserQuery) -> Result<Vec<User>, StoreError> {
    let mut rarest: Option<(i64, Rare<'_>)> = None;
    for rare in Rare::of(query) {
        let (statement, values) = rare.count();
        let count = view.one(&statement, &values, |mut row| row.int()).await?;
        if count <= i64::from(FEW) && rarest.as_ref().is_none_or(|(least, _)| count < *least) {
            rarest = Some((count, rare));
        }
        if count <= VERY_FEW {
            break;
        }
    }
    let (statement, values) = select(query, rarest.as_ref().map(|(_, rare)| rare))?;
    view.all(&statement, &values, user).await
}

/// The statement and values of one page, taken from what is rare or by walking the order. Every part of its text is a
/// constant.
pub(super) fn select(
    query: &UserQuery,
    rare: Option<&Rare<'_>>,
) -> Result<(Statement, Vec<Value>), StoreError> {
    let mut asked = Conditions {
        text: String::new(),
        values: Vec::new(),
        on_index: rare.is_none() && query.sort == UserSort::CreatedAt,
    };
    let from = match rare {
        Some(rare) => {
            asked.values = rare.values();
            // More than were counted a moment ago.
            asked.values.push((2 * FEW).into());
            let rare = rare.text();
            // The order in which this is read is fixed by SQLite's CROSS JOIN, and by the LIMIT elsewhere.
            format!(
                "(SELECT DISTINCT hit FROM ({rare} LIMIT ?) AS rare) AS found CROSS JOIN users WHERE id = hit"
            )
        }
        None => "users WHERE 1 = 1".to_owned(),
    };
    asked.filter(&query.filter, query.now, rare);
    let (key, direction) = (
        column(query.sort),
        if query.descending { " DESC" } else { "" },
    );
    if let Some(place) = &query.after {
        asked.after(query.sort, query.descending, place)?;
    }
    let Conditions {
        text, mut values, ..
    } = asked;
    let text = format!(
        concat!(
            "SELECT ",
            columns!(),
            " FROM {}{} ORDER BY {}{}, id{} LIMIT ?"
        ),
        from, text, key, direction, direction
    );
    values.push(query.limit.into());
    Ok((Statement::built("users.page", text), values))
}

const fn column(sort: UserSort) -> &'static str {
    match sort {
        UserSort::CreatedAt => "created_at",
        UserSort::Email => "email_folded",
        UserSort::LastLoginAt => "last_login_at",
    }
}

/// A part of a filter that may leave few users, and has an index that finds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rare<'q> {
    Term(&'q str, SearchScope),
    Role(Role),
    Inactive { deleted: bool },
    Verified(bool),
    Created(Timestamp, Timestamp),
}

impl<'q> Rare<'q> {
    /// Those of a query, in the order in which they are likely to be rare.
    pub(super) fn of(query: &'q UserQuery) -> Vec<Self> {
        let filter = &query.filter;
        let mut rare = Vec::new();
        if let Some(Search { terms, scope }) = &filter.search {
            rare.extend(terms.iter().map(|term| Self::Term(term, *scope)));
        }
        if filter.active == Some(false) {
            rare.push(Self::Inactive {
                deleted: filter.include_deleted,
            });
        }
        // In the order of creation an index walks just these.
        let by_creation = query.sort == UserSort::CreatedAt;
        if let Some(role) = filter.role
            && !by_creation
        {
            rare.push(Self::Role(role));
        }
        if let Some(verified) = filter.email_verified {
            rare.push(Self::Verified(verified));
        }
        if !by_creation && (filter.created_after.is_some() || filter.created_before.is_some()) {
            rare.push(Self::Created(
                filter.created_after.unwrap_or(Timestamp::from_millis(0)),
                filter
                    .created_before
                    .unwrap_or(Timestamp::from_millis(i64::MAX)),
            ));
        }
        rare
    }

    /// How many users it leaves, up to one more than are few.
    pub(super) fn count(&self) -> (Statement, Vec<Value>) {
        let text = format!("SELECT COUNT(*) FROM ({} LIMIT ?) AS found", self.text());
        let mut values = self.values();
        values.push((FEW + 1).into());
        (Statement::built("users.count_rare", text), values)
    }

    const fn text(&self) -> &'static str {
        match self {
            Self::Term(..) => {
                "SELECT user_id AS hit FROM user_search WHERE contact IN (?, ?) AND token >= ? AND token < ?"
            }
            Self::Role(_) => "SELECT id AS hit FROM users WHERE role = ?",
            Self::Inactive { deleted: false } => {
                "SELECT id AS hit FROM users WHERE suspended_at IS NOT NULL"
            }
            Self::Inactive { deleted: true } => {
                "SELECT id AS hit FROM users WHERE suspended_at IS NOT NULL \
                 UNION ALL SELECT id AS hit FROM users WHERE deleted_at IS NOT NULL"
            }
            Self::Verified(true) => {
                "SELECT id AS hit FROM users WHERE email_verified_at IS NOT NULL"
            }
            Self::Verified(false) => "SELECT id AS hit FROM users WHERE email_verified_at IS NULL",
            Self::Created(..) => {
                "SELECT id AS hit FROM users WHERE created_at >= ? AND created_at < ?"
            }
        }
    }

    fn values(&self) -> Vec<Value> {
        match self {
            Self::Term(term, scope) => vec![
                false.into(),
                (*scope == SearchScope::Everything).into(),
                (*term).into(),
                // By code point, what begins with the term is followed by no greater character than the greatest.
                format!("{term}{}", char::MAX).into(),
            ],
            Self::Role(role) => vec![role.as_str().into()],
            Self::Inactive { .. } | Self::Verified(_) => Vec::new(),
            Self::Created(after, before) => vec![(*after).into(), (*before).into()],
        }
    }
}

/// What must hold of a user: texts joined by AND, and the values in them.
struct Conditions {
    text: String,
    values: Vec<Value>,
    /// Whether indexes may serve the filter. Where an order is walked, or few are looked at, an engine that takes the
    /// index of a common role instead would sort a million users.
    on_index: bool,
}

impl Conditions {
    fn and(&mut self, condition: &'static str, values: impl IntoIterator<Item = Value>) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
        self.values.extend(values);
    }

    /// A condition in a form that an index serves, and in one that none does.
    fn either(
        &mut self,
        indexed: &'static str,
        plain: &'static str,
        values: impl IntoIterator<Item = Value>,
    ) {
        let condition = if self.on_index { indexed } else { plain };
        self.and(condition, values);
    }

    fn filter(&mut self, filter: &UserFilter, now: Timestamp, taken: Option<&Rare<'_>>) {
        if !filter.include_deleted {
            self.and("deleted_at IS NULL", []);
        }
        for term in filter.search.iter().flat_map(|search| &search.terms) {
            let scope = filter.search.as_ref().map(|search| search.scope);
            if !matches!(taken, Some(Rare::Term(taken, _)) if *taken == term) {
                self.has_word(term, scope == Some(SearchScope::Everything));
            }
        }
        if let Some(role) = filter.role {
            self.either("role = ?", "COALESCE(role, '') = ?", [role.as_str().into()]);
        }
        match filter.active {
            Some(true) => {
                self.and(
                    "deleted_at IS NULL AND (suspended_at IS NULL OR suspended_until <= ?)",
                    [now.into()],
                );
            }
            Some(false) => self.and(
                "(deleted_at IS NOT NULL OR (suspended_at IS NOT NULL \
                 AND (suspended_until IS NULL OR suspended_until > ?)))",
                [now.into()],
            ),
            None => {}
        }
        match filter.email_verified {
            Some(true) => self.either(
                "email_verified_at IS NOT NULL",
                "CASE WHEN email_verified_at IS NULL THEN 0 ELSE 1 END = 1",
                [],
            ),
            Some(false) => self.either(
                "email_verified_at IS NULL",
                "CASE WHEN email_verified_at IS NULL THEN 0 ELSE 1 END = 0",
                [],
            ),
            None => {}
        }
        if let Some(time) = filter.created_after {
            self.either(
                "created_at >= ?",
                "COALESCE(created_at, 0) >= ?",
                [time.into()],
            );
        }
        if let Some(time) = filter.created_before {
            self.either(
                "created_at < ?",
                "COALESCE(created_at, 0) < ?",
                [time.into()],
            );
        }
    }

    /// Looks for a word by the marks before each: a space before those of names, a line feed before the others.
    fn has_word(&mut self, term: &str, everything: bool) {
        let mut pattern = String::new();
        for c in term.chars() {
            if matches!(c, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(c);
        }
        let (shown, contact) = (format!("% {pattern}%"), format!("%\n{pattern}%"));
        if everything {
            self.and(
                "(search_words LIKE ? ESCAPE '!' OR search_words LIKE ? ESCAPE '!')",
                [shown.into(), contact.into()],
            );
        } else {
            self.and("search_words LIKE ? ESCAPE '!'", [shown.into()]);
        }
    }

    fn after(
        &mut self,
        sort: UserSort,
        descending: bool,
        place: &UserPlace,
    ) -> Result<(), StoreError> {
        let (key, id): (Value, _) = match (sort, place) {
            (UserSort::CreatedAt | UserSort::LastLoginAt, UserPlace::Time(time, id)) => {
                ((*time).into(), id)
            }
            (UserSort::Email, UserPlace::Text(text, id)) => (text.as_str().into(), id),
            _ => {
                return Err(StoreError::driver(std::io::Error::other(
                    "a place of a list that is sorted otherwise",
                )));
            }
        };
        // The first half is what an index can seek to.
        let condition = match (sort, descending) {
            (UserSort::CreatedAt, false) => "created_at >= ? AND (created_at > ? OR id > ?)",
            (UserSort::CreatedAt, true) => "created_at <= ? AND (created_at < ? OR id < ?)",
            (UserSort::Email, false) => "email_folded >= ? AND (email_folded > ? OR id > ?)",
            (UserSort::Email, true) => "email_folded <= ? AND (email_folded < ? OR id < ?)",
            (UserSort::LastLoginAt, false) => {
                "last_login_at >= ? AND (last_login_at > ? OR id > ?)"
            }
            (UserSort::LastLoginAt, true) => "last_login_at <= ? AND (last_login_at < ? OR id < ?)",
        };
        self.and(condition, [key.clone(), key, id.uuid().into()]);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
