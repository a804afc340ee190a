//! What may leave few users, and is counted.

use ntt_auth_core::model::{Role, Timestamp, WordKind};
use ntt_auth_core::store::{UserQuery, UserSort};

use crate::engine::{Statement, Value};

/// Counts each of `parts`, up to `most`, in one statement with a column for each.
pub(in crate::repo) fn count(parts: &[Rare<'_>], most: u32) -> (Statement, Vec<Value>) {
    let mut text = String::new();
    let mut values = Vec::new();
    for part in parts {
        text.push_str(if text.is_empty() { "SELECT " } else { ", " });
        text.push_str("(SELECT COUNT(*) FROM (");
        text.push_str(part.text());
        text.push_str(" LIMIT ?) AS found)");
        values.extend(part.values());
        values.push(most.into());
    }
    (Statement::built("users.count_rare", text), values)
}

/// By code point, what begins with `term` comes before this.
pub(super) fn end(term: &str) -> String {
    format!("{term}{}", char::MAX)
}

/// A part of a filter that may leave few users, and has an index that finds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::repo) enum Rare<'q> {
    Term(&'q str, &'static [WordKind]),
    Role(Role),
    Inactive { deleted: bool },
    Verified(bool),
    Created(Timestamp, Timestamp),
}

impl<'q> Rare<'q> {
    /// Those of a query, in the order in which they are likely to be rare.
    pub(in crate::repo) fn of(query: &'q UserQuery) -> Vec<Self> {
        let filter = &query.filter;
        let mut rare = Vec::new();
        if let Some(search) = &filter.search {
            let terms = search.terms.iter();
            rare.extend(terms.map(|term| Self::Term(term, search.kinds(term))));
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

    pub(super) const fn text(&self) -> &'static str {
        match self {
            Self::Term(..) => {
                "SELECT user_id AS hit FROM user_search WHERE kind IN (?, ?, ?, ?) AND token >= ? AND token < ?"
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

    pub(super) fn values(&self) -> Vec<Value> {
        match self {
            Self::Term(term, kinds) => {
                // A statement for all: which ask for fewer kinds name them again.
                let kinds = kinds.iter().cycle().take(4);
                let mut values: Vec<Value> = kinds.map(|kind| kind.number().into()).collect();
                values.extend([(*term).into(), end(term).into()]);
                values
            }
            Self::Role(role) => vec![role.as_str().into()],
            Self::Inactive { .. } | Self::Verified(_) => Vec::new(),
            Self::Created(after, before) => vec![(*after).into(), (*before).into()],
        }
    }
}
