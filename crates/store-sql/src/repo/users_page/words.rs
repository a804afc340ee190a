//! The users of a common word, read off in the order of creation.

use ntt_auth_core::model::SearchScope;
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
    contact: bool,
    token: String,
}

#[cfg(test)]
impl Word {
    pub(in crate::repo) fn new(contact: bool, token: &str) -> Self {
        Self {
            contact,
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
    let mut least: Option<((usize, usize), &str, Vec<Word>)> = None;
    for term in &search.terms {
        let (statement, values) = of_term(term, search.scope);
        let words = view
            .all(&statement, &values, |mut row| {
                Ok(Word {
                    contact: row.text()? == "c",
                    token: row.text()?,
                })
            })
            .await?;
        let of_addresses = words.iter().filter(|word| word.contact).count();
        let rank = (of_addresses, words.len());
        let few = (1..=MOST as usize).contains(&words.len());
        if few && least.as_ref().is_none_or(|(lowest, ..)| rank < *lowest) {
            least = Some((rank, term, words));
        }
    }
    Ok(least.map(|(_, term, words)| (term, words)))
}

/// Asks which words begin with `term`, for at most one more of each kind than are few: from each word it leaps to the next.
pub(in crate::repo) fn of_term(term: &str, scope: SearchScope) -> (Statement, Vec<Value>) {
    let (term, end) = (Value::from(term), Value::from(end(term)));
    let mut text = "WITH RECURSIVE words (kind, depth, token) AS (\
         SELECT 's', 0, MIN(token) FROM user_search WHERE contact = 0 AND token >= ? AND token < ?"
        .to_owned();
    let mut values = vec![term.clone(), end.clone()];
    if scope == SearchScope::Everything {
        text.push_str(
            " UNION ALL SELECT 'c', 0, MIN(token) FROM user_search WHERE contact = 1 AND token >= ? AND token < ?",
        );
        values.extend([term, end.clone()]);
    }
    text.push_str(
        " UNION ALL SELECT words.kind, words.depth + 1, (SELECT MIN(next.token) FROM user_search AS next \
         WHERE next.contact = CASE words.kind WHEN 'c' THEN 1 ELSE 0 END AND next.token > words.token \
         AND next.token < ?) FROM words WHERE words.token IS NOT NULL AND words.depth < ?) \
         SELECT kind, token FROM words WHERE token IS NOT NULL",
    );
    values.extend([end, MOST.into()]);
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
                " FROM (SELECT user_id AS hit, created_at AS hit_at FROM user_search WHERE contact = ? AND token = ?) AS found \
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
    let name = |word: &Word| [word.contact.into(), word.token.as_str().into()];
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
            "NOT EXISTS (SELECT 1 FROM user_search AS other WHERE other.contact = ? AND other.token = ? \
             AND other.created_at = hit_at AND other.user_id = hit)",
            name(word),
        );
    }
    Ok(asked)
}
