//! The users of a common word, read off in the order of creation.

use ntt_auth_core::model::{Search, WordKind};
use ntt_auth_core::store::{StoreError, UserPlace, UserQuery, UserSort};

use super::conditions::Conditions;
use super::rare::end;
use super::{columns, direction};
use crate::engine::{Statement, Value};
use crate::view::View;

/// The users of so many words are put into one order: of each word a whole page may be read, and most of it dropped.
const MOST: u32 = 8;

/// A word that some users have, as their index names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::repo) struct Word {
    kind: WordKind,
    token: String,
}

#[cfg(test)]
impl Word {
    pub(in crate::repo) fn new(kind: WordKind, token: &str) -> Self {
        Self {
            kind,
            token: token.to_owned(),
        }
    }
}

/// Whether a page may be read off the words' indexes: they are in the order of creation, and nothing else is asked that
/// may leave so few of a word's users that most of them would be read.
pub(in crate::repo) fn may_be_read(query: &UserQuery) -> bool {
    let filter = &query.filter;
    query.sort == UserSort::CreatedAt
        && filter.search.is_some()
        && filter.role.is_none()
        && filter.active != Some(false)
        && filter.email_verified.is_none()
        && filter.created_after.is_none()
        && filter.created_before.is_none()
}

/// The term with which fewest words begin, and these, if they are few. Rather a word of names than one of addresses,
/// which many share.
pub(super) async fn fewest<'q>(
    view: &mut View<'_>,
    query: &'q UserQuery,
) -> Result<Option<(&'q str, Vec<Word>)>, StoreError> {
    let Some(search) = &query.filter.search else {
        return Ok(None);
    };
    let (statement, values) = beginning(search);
    let found = view
        .all(&statement, &values, |mut row| {
            Ok((row.text()?, row.text()?))
        })
        .await?;
    let mut least: Option<((usize, usize), &str, Vec<Word>)> = None;
    for (number, term) in search.terms.iter().enumerate() {
        let kinds = search.kinds(term).iter();
        let words: Vec<_> = kinds
            .flat_map(|&kind| {
                let name = name(number, kind);
                let tokens = found.iter().filter(move |(of, _)| *of == name);
                tokens.map(move |(_, token)| Word {
                    kind,
                    token: token.clone(),
                })
            })
            .collect();
        let names = |word: &&Word| matches!(word.kind, WordKind::Shown | WordKind::ShownEcho);
        let of_addresses = words.len() - words.iter().filter(names).count();
        let rank = (of_addresses, words.len());
        let few = (1..=MOST as usize).contains(&words.len());
        if few && least.as_ref().is_none_or(|(lowest, ..)| rank < *lowest) {
            least = Some((rank, term, words));
        }
    }
    Ok(least.map(|(_, term, words)| (term, words)))
}

/// What words of a kind are called that begin with the term of that number.
fn name(number: usize, kind: WordKind) -> String {
    format!("{number}-{}", kind.number())
}

/// Asks which words begin with each term, for at most one more of each kind than are few: from each word it leaps to the
/// next.
pub(in crate::repo) fn beginning(search: &Search) -> (Statement, Vec<Value>) {
    let mut first = Vec::new();
    let mut values = Vec::new();
    for (number, term) in search.terms.iter().enumerate() {
        for &kind in search.kinds(term) {
            first.push(format!(
                "SELECT '{}', {}, 0, MIN(token), ? FROM user_search WHERE kind = {} AND token >= ? AND token < ?",
                name(number, kind), kind.number(), kind.number()
            ));
            values.extend([end(term).into(), (*term).as_str().into(), end(term).into()]);
        }
    }
    let text = format!(
        "WITH RECURSIVE words (name, kind, depth, token, past) AS ({} UNION ALL SELECT words.name, words.kind, \
         words.depth + 1, (SELECT MIN(next.token) FROM user_search AS next WHERE next.kind = words.kind \
         AND next.token > words.token AND next.token < words.past), words.past FROM words \
         WHERE words.token IS NOT NULL AND words.depth < ?) SELECT name, token FROM words WHERE token IS NOT NULL",
        first.join(" UNION ALL ")
    );
    values.push(MOST.into());
    (Statement::built("users.words", text), values)
}

/// A page of the users who have one of `words`, all of which begin with `term`.
pub(super) fn select(
    query: &UserQuery,
    term: &str,
    words: &[Word],
) -> Result<(Statement, Vec<Value>), StoreError> {
    let direction = direction(query);
    let mut pages = Vec::new();
    let mut values = Vec::new();
    for (number, word) in words.iter().enumerate() {
        let (earlier, _) = words.split_at(number);
        let asked = of_word(query, term, word, earlier)?;
        pages.push(format!(
            concat!(
                "SELECT ",
                columns!(),
                " FROM (SELECT user_id AS hit, created_at AS hit_at FROM user_search WHERE kind = ? AND token = ?) AS found \
                 CROSS JOIN users WHERE id = hit{} ORDER BY hit_at{}, hit{} LIMIT ?"
            ),
            asked.text, direction, direction
        ));
        values.extend(asked.values);
        values.push(query.limit.into());
    }
    if let [page] = &mut *pages {
        return Ok((Statement::built("users.page", std::mem::take(page)), values));
    }
    let pages: Vec<_> = pages
        .iter()
        .enumerate()
        .map(|(number, page)| {
            format!(
                concat!("SELECT ", columns!(), " FROM ({}) AS page{}"),
                page, number
            )
        })
        .collect();
    let text = format!(
        "{} ORDER BY created_at{direction}, id{direction} LIMIT ?",
        pages.join(" UNION ALL ")
    );
    values.push(query.limit.into());
    Ok((Statement::built("users.page", text), values))
}

/// What must hold of the users of one word: none has one of the `earlier`, whose users are there already.
fn of_word(
    query: &UserQuery,
    term: &str,
    word: &Word,
    earlier: &[Word],
) -> Result<Conditions, StoreError> {
    let name = |word: &Word| [word.kind.number().into(), word.token.as_str().into()];
    let mut asked = Conditions {
        text: String::new(),
        values: name(word).into(),
        on_index: false,
    };
    if let Some(place) = &query.after {
        let UserPlace::Time(time, id) = place else {
            return Err(Conditions::foreign_place());
        };
        asked.and(
            if query.descending {
                "hit_at <= ? AND (hit_at < ? OR hit < ?)"
            } else {
                "hit_at >= ? AND (hit_at > ? OR hit > ?)"
            },
            [(*time).into(), (*time).into(), id.uuid().into()],
        );
    }
    asked.filter(&query.filter, query.now, Some(term));
    for word in earlier {
        asked.and(
            "NOT EXISTS (SELECT 1 FROM user_search AS other WHERE other.kind = ? AND other.token = ? \
             AND other.created_at = hit_at AND other.user_id = hit)",
            name(word),
        );
    }
    Ok(asked)
}
