//! Pages of users: the one filter that depends on what is asked.
//!
//! A page is found in one of three ways. Usually the index of its order is walked until the page is full, which is quick
//! as long as enough users fit. What fits few would be looked for in vain for a long time; so for each part of the
//! filter that may be rare it is counted, up to a bound, how many users it leaves. If they are few, they are taken
//! from its own index, looked at and sorted. And the users of a common word are read off in the order of creation, in
//! which that word's index has them.

mod conditions;
mod rare;
mod words;

use mongodb::bson::{Document, doc};
use ntt_auth_core::model::User;
use ntt_auth_core::store::{StoreError, UserQuery, UserSort};

use self::conditions::{after, conditions};
use self::rare::Rare;
use super::users::{USERS, user};
use crate::view::{Find, View};

/// So many users are looked at and sorted without asking whether another way is shorter.
const VERY_FEW: u32 = 128;
/// So many are looked at and sorted sooner than an order is walked.
const FEW: u32 = 5000;

/// How a page is found.
#[derive(Debug)]
enum Way<'q> {
    /// By walking the index of its order.
    Walked,
    /// Among the few that this leaves.
    Taken(Rare<'q>),
    /// From the index of words, under these, which begin with a term.
    Read(&'q str, Vec<String>),
}

/// One page in the query's order.
pub(super) async fn page(view: &mut View<'_>, query: &UserQuery) -> Result<Vec<User>, StoreError> {
    let way = choose(view, query).await?;
    view.all(find(query, way)?, user).await
}

async fn choose<'q>(view: &mut View<'_>, query: &'q UserQuery) -> Result<Way<'q>, StoreError> {
    let parts = Rare::of(query);
    if let Some(rare) = rarest(view, &parts, VERY_FEW).await? {
        return Ok(Way::Taken(rare));
    }
    if let Some((term, words)) = words::fewest(view, query).await? {
        return Ok(Way::Read(term, words));
    }
    let rare = rarest(view, &parts, FEW).await?;
    Ok(rare.map_or(Way::Walked, Way::Taken))
}

/// What leaves fewest users, if they are no more than `few`.
async fn rarest<'q>(
    view: &mut View<'_>,
    parts: &[Rare<'q>],
    few: u32,
) -> Result<Option<Rare<'q>>, StoreError> {
    let mut least: Option<(u64, Rare<'q>)> = None;
    for part in parts {
        let count = view
            .counted(USERS, part.filter(), Some(few + 1), part.index())
            .await?;
        if count <= few.into() && least.as_ref().is_none_or(|(fewest, _)| count < *fewest) {
            least = Some((count, *part));
        }
    }
    Ok(least.map(|(_, part)| part))
}

fn find(query: &UserQuery, way: Way<'_>) -> Result<Find, StoreError> {
    let filter = &query.filter;
    let (mut asked, index) = match way {
        Way::Walked => (conditions(filter, query.now, None), walked(query)),
        Way::Taken(rare) => {
            let mut asked = vec![rare.filter()];
            asked.extend(conditions(filter, query.now, rare.term()));
            (asked, rare.index())
        }
        Way::Read(term, words) => {
            let mut asked = vec![doc! { "search_words": { "$in": words } }];
            asked.extend(conditions(filter, query.now, Some(term)));
            (asked, words::INDEX)
        }
    };
    if let Some(place) = &query.after {
        asked.extend(after(query.sort, query.descending, place)?);
    }
    let filter = match asked.is_empty() {
        true => Document::new(),
        false => doc! { "$and": asked },
    };
    let direction = if query.descending { -1 } else { 1 };
    let order = doc! { key(query.sort): direction, "_id": direction };
    Ok(Find::new(USERS, filter)
        .along(index)
        .sorted(order)
        .limit(query.limit))
}

/// The index that has the query's order: where it can, one that has only those who fit.
const fn walked(query: &UserQuery) -> &'static str {
    match query.sort {
        UserSort::Email => "users_email_folded",
        UserSort::LastLoginAt => "users_last_login_at",
        UserSort::CreatedAt if query.filter.role.is_some() => "users_role",
        UserSort::CreatedAt if query.filter.email_verified.is_some() => "users_email_verified",
        UserSort::CreatedAt => "users_created_at",
    }
}

const fn key(sort: UserSort) -> &'static str {
    match sort {
        UserSort::CreatedAt => "created_at",
        UserSort::Email => "email_folded",
        UserSort::LastLoginAt => "last_login_at",
    }
}

#[cfg(test)]
mod tests;
