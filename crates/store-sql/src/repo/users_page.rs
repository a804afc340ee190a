//! Pages of users: the one statement whose text depends on what is asked.

use ntt_auth_core::model::Timestamp;
use ntt_auth_core::store::{StoreError, UserFilter, UserPlace, UserQuery, UserSort};

use super::users::columns;
use crate::engine::{Statement, Value};

/// The statement and values of one page. Every part of its text is a constant.
pub(super) fn select(query: &UserQuery) -> Result<(Statement, Vec<Value>), StoreError> {
    let mut asked = Conditions::default();
    asked.filter(&query.filter, query.now);
    let (key, direction) = (
        column(query.sort),
        if query.descending { " DESC" } else { "" },
    );
    if let Some(place) = &query.after {
        asked.after(query.sort, query.descending, place)?;
    }
    let Conditions { text, mut values } = asked;
    let text = format!(
        concat!(
            "SELECT ",
            columns!(),
            " FROM users WHERE {} ORDER BY {}{}, id{} LIMIT ?"
        ),
        text, key, direction, direction
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

/// What must hold of a user: texts joined by AND, and the values in them.
struct Conditions {
    text: String,
    values: Vec<Value>,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            text: "1 = 1".to_owned(),
            values: Vec::new(),
        }
    }
}

impl Conditions {
    fn and(&mut self, condition: &'static str, values: impl IntoIterator<Item = Value>) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
        self.values.extend(values);
    }

    fn filter(&mut self, filter: &UserFilter, now: Timestamp) {
        if !filter.include_deleted {
            self.and("deleted_at IS NULL", []);
        }
        if let Some(prefix) = &filter.prefix {
            // By code point, what begins with the prefix is followed by no greater character than the greatest.
            let (from, to) = (
                Value::from(prefix.as_str()),
                Value::from(format!("{prefix}{}", char::MAX)),
            );
            self.and(
                "((email_folded >= ? AND email_folded < ?) OR (username_folded >= ? AND username_folded < ?))",
                [from.clone(), to.clone(), from, to],
            );
        }
        if let Some(role) = filter.role {
            self.and("role = ?", [role.as_str().into()]);
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
            Some(true) => self.and("email_verified_at IS NOT NULL", []),
            Some(false) => self.and("email_verified_at IS NULL", []),
            None => {}
        }
        if let Some(time) = filter.created_after {
            self.and("created_at >= ?", [time.into()]);
        }
        if let Some(time) = filter.created_before {
            self.and("created_at < ?", [time.into()]);
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
