//! Pages of users: the one statement whose text depends on what is asked.
//!
//! A page is found in one of three ways. Usually the index of its order is walked until the page is full, which is quick
//! as long as enough users fit. What fits few would be looked for in vain for a long time; so for each part of the
//! filter that may be rare it is counted, up to a bound, how many users it leaves. If they are few, they are taken
//! from its own index, looked at and sorted. And the users of a common word are read off in the order of creation, in
//! which that word's index has them.

mod conditions;
mod rare;
mod words;

use ntt_auth_core::model::User;
use ntt_auth_core::store::{StoreError, UserQuery, UserSort};

use self::conditions::Conditions;
pub(super) use self::rare::{Rare, count};
#[cfg(test)]
pub(super) use self::words::beginning;
pub(super) use self::words::{Word, may_be_read};
use super::users::{columns, user};
use crate::engine::{Statement, Value};
use crate::view::View;

/// So many users are looked at and sorted without asking whether another way is shorter.
const VERY_FEW: u32 = 128;
/// So many are looked at and sorted sooner than an order is walked. With a million users and pages of 50 both ways
/// cost about the same then.
const FEW: u32 = 5000;

/// How a page is found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way<'q> {
    /// By walking the index of its order.
    Walked,
    /// Among the few that this leaves.
    Taken(Rare<'q>),
    /// From the indexes of words that begin with a term.
    Read(&'q str, Vec<Word>),
}

/// One page in the query's order.
pub(super) async fn page(view: &mut View<'_>, query: &UserQuery) -> Result<Vec<User>, StoreError> {
    let way = choose(view, query).await?;
    let (statement, values) = select(query, &way)?;
    view.all(&statement, &values, user).await
}

async fn choose<'q>(view: &mut View<'_>, query: &'q UserQuery) -> Result<Way<'q>, StoreError> {
    let parts = Rare::of(query);
    if let Some(rare) = rarest(view, &parts, VERY_FEW).await? {
        return Ok(Way::Taken(rare));
    }
    if may_be_read(query)
        && let Some((term, words)) = words::fewest(view, query).await?
    {
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
    if parts.is_empty() {
        return Ok(None);
    }
    let (statement, values) = count(parts, few + 1);
    let counts = view
        .one(&statement, &values, |mut row| {
            parts
                .iter()
                .map(|_| row.int())
                .collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let least = parts
        .iter()
        .zip(counts)
        .filter(|(_, count)| *count <= i64::from(few))
        .min_by_key(|(_, count)| *count);
    Ok(least.map(|(part, _)| *part))
}

/// The statement and values of one page. Every part of its text is a constant.
pub(super) fn select(
    query: &UserQuery,
    way: &Way<'_>,
) -> Result<(Statement, Vec<Value>), StoreError> {
    if let Way::Read(term, words) = way {
        return words::select(query, term, words);
    }
    let mut asked = Conditions {
        text: String::new(),
        values: Vec::new(),
        on_index: *way == Way::Walked && query.sort == UserSort::CreatedAt,
    };
    let mut found = None;
    let from = match way {
        Way::Taken(rare) => {
            if let Rare::Term(term, _) = rare {
                found = Some(*term);
            }
            asked.values = rare.values();
            // More than were counted a moment ago.
            asked.values.push((2 * FEW).into());
            let rare = rare.text();
            // The order in which this is read is fixed by SQLite's CROSS JOIN, and by the LIMIT elsewhere.
            format!(
                "(SELECT DISTINCT hit FROM ({rare} LIMIT ?) AS rare) AS found CROSS JOIN users WHERE id = hit"
            )
        }
        _ => "users WHERE 1 = 1".to_owned(),
    };
    asked.filter(&query.filter, query.now, found);
    let (key, direction) = (column(query.sort), direction(query));
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

const fn direction(query: &UserQuery) -> &'static str {
    if query.descending { " DESC" } else { "" }
}

#[cfg(test)]
mod tests;
