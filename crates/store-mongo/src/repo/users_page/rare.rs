//! What may leave few users, and is counted.

use mongodb::bson::{Document, doc};
use ntt_auth_core::model::{Role, Timestamp, WordKind};
use ntt_auth_core::store::{UserQuery, UserSort};

use super::words;
use crate::repo::user_search::begins;
use crate::value::{is_there, time};

/// A part of a filter that may leave few users, and has an index that finds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rare<'q> {
    Term(&'q str, &'static [WordKind]),
    Role(Role),
    Suspended,
    Verified(bool),
    Created(Timestamp, Timestamp),
}

impl<'q> Rare<'q> {
    /// Those of a query, in the order in which they are likely to be rare.
    pub(super) fn of(query: &'q UserQuery) -> Vec<Self> {
        let filter = &query.filter;
        let mut rare = Vec::new();
        if let Some(search) = &filter.search {
            let terms = search.terms.iter();
            rare.extend(terms.map(|term| Self::Term(term, search.kinds(term))));
        }
        // Where deleted ones are shown as well, two indexes would be needed.
        if filter.active == Some(false) && !filter.include_deleted {
            rare.push(Self::Suspended);
        }
        // In the order of creation an index walks just these.
        let by_creation = query.sort == UserSort::CreatedAt;
        if let Some(role) = filter.role
            && !by_creation
        {
            rare.push(Self::Role(role));
        }
        if let Some(verified) = filter.email_verified
            && !by_creation
        {
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

    pub(super) fn filter(&self) -> Document {
        match self {
            Self::Term(term, kinds) => begins(term, kinds),
            Self::Role(role) => doc! { "role": role.as_str() },
            Self::Suspended => doc! { "suspended_at": is_there() },
            Self::Verified(verified) => doc! { "email_verified": *verified },
            Self::Created(after, before) => {
                doc! { "created_at": { "$gte": time(*after), "$lt": time(*before) } }
            }
        }
    }

    pub(super) const fn index(&self) -> &'static str {
        match self {
            Self::Term(..) => words::INDEX,
            Self::Role(_) => "users_role",
            Self::Suspended => "users_suspended_at",
            Self::Verified(_) => "users_email_verified",
            Self::Created(..) => "users_created_at",
        }
    }

    /// The term whose words are looked at, if it is one.
    pub(super) const fn term(&self) -> Option<&'q str> {
        match self {
            Self::Term(term, _) => Some(term),
            _ => None,
        }
    }
}
