//! The users of a common word, read off in the order of creation.

use mongodb::bson::doc;
use ntt_auth_core::model::WordKind;
use ntt_auth_core::store::{StoreError, UserQuery, UserSort};

use crate::repo::user_search::{end, word};
use crate::repo::users::USERS;
use crate::view::{Find, View};

/// Each user under each of their words, and those of one word in the order of creation.
pub(super) const INDEX: &str = "users_search_words";
/// The users of so many words are put into one order.
const MOST: usize = 8;

/// The term with which fewest words begin, and these, if they are few. Rather a word of names than one of addresses,
/// which many share.
pub(super) async fn fewest<'q>(
    view: &mut View<'_>,
    query: &'q UserQuery,
) -> Result<Option<(&'q str, Vec<String>)>, StoreError> {
    let Some(search) = &query.filter.search else {
        return Ok(None);
    };
    if !may_be_read(query) {
        return Ok(None);
    }
    let mut least: Option<((usize, usize), &str, Vec<String>)> = None;
    for term in &search.terms {
        let Some((of_addresses, words)) = beginning(view, term, search.kinds(term)).await? else {
            continue;
        };
        let rank = (of_addresses, words.len());
        if !words.is_empty() && least.as_ref().is_none_or(|(lowest, ..)| rank < *lowest) {
            least = Some((rank, term, words));
        }
    }
    Ok(least.map(|(_, term, words)| (term, words)))
}

/// Whether nothing else is asked that may leave so few of a word's users that most of them would be read.
fn may_be_read(query: &UserQuery) -> bool {
    let filter = &query.filter;
    query.sort == UserSort::CreatedAt
        && filter.role.is_none()
        && filter.active != Some(false)
        && filter.email_verified.is_none()
        && filter.created_after.is_none()
        && filter.created_before.is_none()
}

/// The words that begin with `term`, and how many of them are of addresses; `None` if they are not few. From each word
/// the index is leapt along to the next.
async fn beginning(
    view: &mut View<'_>,
    term: &str,
    kinds: &[WordKind],
) -> Result<Option<(usize, Vec<String>)>, StoreError> {
    let (mut words, mut of_addresses) = (Vec::new(), 0);
    for &kind in kinds {
        let first = word(kind, term);
        let end = end(&first);
        let mut from = doc! { "$gte": &first, "$lt": &end };
        while let Some(found) = next(view, from, &first).await? {
            if words.len() == MOST {
                return Ok(None);
            }
            from = doc! { "$gt": &found, "$lt": &end };
            words.push(found);
            of_addresses += usize::from(matches!(kind, WordKind::Contact | WordKind::ContactEcho));
        }
    }
    Ok(Some((of_addresses, words)))
}

/// The first word of a range, whose words all begin with `beginning`.
async fn next(
    view: &mut View<'_>,
    range: mongodb::bson::Document,
    beginning: &str,
) -> Result<Option<String>, StoreError> {
    let past = range.get_str("$gt").unwrap_or_default().to_owned();
    let find = Find::new(USERS, doc! { "search_words": { "$elemMatch": range } })
        .along(INDEX)
        .only(doc! { "search_words": 1 });
    // The index gives the user of the least word of the range first; it is the least of that user's in the range.
    let words = view
        .first(find, |mut doc| doc.texts("search_words"))
        .await?;
    Ok(words
        .into_iter()
        .flatten()
        .filter(|word| word.starts_with(beginning) && **word > *past)
        .min())
}
