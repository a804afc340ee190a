//! What must hold of the users of a page.

use ntt_auth_core::model::{SearchScope, Timestamp};
use ntt_auth_core::store::{StoreError, UserFilter, UserPlace, UserSort};

use crate::engine::Value;

/// What must hold of a user: texts joined by AND, and the values in them.
pub(super) struct Conditions {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
    /// Whether indexes may serve the filter. Where an order is walked, or few are looked at, an engine that takes the
    /// index of a common role instead would sort a million users.
    pub(super) on_index: bool,
}

impl Conditions {
    pub(super) fn and(&mut self, condition: &'static str, values: impl IntoIterator<Item = Value>) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
        self.values.extend(values);
    }

    /// A condition in a form that an index serves, and in one that none does.
    pub(super) fn either(
        &mut self,
        indexed: &'static str,
        plain: &'static str,
        values: impl IntoIterator<Item = Value>,
    ) {
        let condition = if self.on_index { indexed } else { plain };
        self.and(condition, values);
    }

    /// Those of `filter`, but for the term that is `found` already.
    pub(super) fn filter(&mut self, filter: &UserFilter, now: Timestamp, found: Option<&str>) {
        if !filter.include_deleted {
            self.and("deleted_at IS NULL", []);
        }
        for term in filter.search.iter().flat_map(|search| &search.terms) {
            let scope = filter.search.as_ref().map(|search| search.scope);
            if found != Some(term) {
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

    pub(super) fn after(
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
                return Err(Self::foreign_place());
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

    /// That of a place whose order is not the query's.
    pub(super) fn foreign_place() -> StoreError {
        StoreError::driver(std::io::Error::other(
            "a place of a list that is sorted otherwise",
        ))
    }
}
