//! What must hold of the users of a page.

use mongodb::bson::{Bson, Document, doc};
use ntt_auth_core::model::Timestamp;
use ntt_auth_core::store::{StoreError, UserFilter, UserPlace, UserSort};

use super::key;
use crate::repo::user_search::begins;
use crate::value::{id, is_there, time};

/// Those of `filter`, but for the term that is `found` already.
pub(super) fn conditions(
    filter: &UserFilter,
    now: Timestamp,
    found: Option<&str>,
) -> Vec<Document> {
    let mut asked = Vec::new();
    if !filter.include_deleted {
        asked.push(doc! { "deleted_at": Bson::Null });
    }
    if let Some(search) = &filter.search {
        let others = search.terms.iter().filter(|term| found != Some(*term));
        asked.extend(others.map(|term| begins(term, search.kinds(term))));
    }
    if let Some(role) = filter.role {
        asked.push(doc! { "role": role.as_str() });
    }
    match filter.active {
        Some(true) => asked.push(doc! {
            "deleted_at": Bson::Null,
            "$or": [{ "suspended_at": Bson::Null }, { "suspended_until": { "$lte": time(now) } }],
        }),
        Some(false) => asked.push(doc! { "$or": [
            { "deleted_at": is_there() },
            { "suspended_at": is_there(), "suspended_until": Bson::Null },
            { "suspended_at": is_there(), "suspended_until": { "$gt": time(now) } },
        ] }),
        None => {}
    }
    if let Some(verified) = filter.email_verified {
        asked.push(doc! { "email_verified": verified });
    }
    if let Some(after) = filter.created_after {
        asked.push(doc! { "created_at": { "$gte": time(after) } });
    }
    if let Some(before) = filter.created_before {
        asked.push(doc! { "created_at": { "$lt": time(before) } });
    }
    asked
}

/// After the place where the page before ended.
pub(super) fn after(
    sort: UserSort,
    descending: bool,
    place: &UserPlace,
) -> Result<[Document; 2], StoreError> {
    let (value, user) = match (sort, place) {
        (UserSort::CreatedAt | UserSort::LastLoginAt, UserPlace::Time(at, id)) => (time(*at), id),
        (UserSort::Email, UserPlace::Text(text, id)) => (Bson::from(text), id),
        _ => {
            return Err(StoreError::driver(std::io::Error::other(
                "a place of a list that is sorted otherwise",
            )));
        }
    };
    let (past, from) = if descending {
        ("$lt", "$lte")
    } else {
        ("$gt", "$gte")
    };
    let key = key(sort);
    // The first is what an index can seek to.
    Ok([
        doc! { key: { from: value.clone() } },
        doc! { "$or": [{ key: { past: value } }, { "_id": { past: id(user.uuid()) } }] },
    ])
}
