//! `users.search_words`: the words that a user is found by, each behind the number of its kind, in an index that has a user
//! under each of them.

use mongodb::bson::{Bson, Document, doc};
use ntt_auth_core::model::{SearchWords, WordKind};

/// What a user's words are kept as.
pub(crate) fn words(words: &SearchWords) -> Vec<Bson> {
    words
        .kinds()
        .map(|(kind, token)| Bson::String(word(kind, token)))
        .collect()
}

/// A word of a kind.
pub(super) fn word(kind: WordKind, token: &str) -> String {
    format!("{}{token}", kind.number())
}

/// By code point, what begins with `word` comes before this.
pub(super) fn end(word: &str) -> String {
    format!("{word}{}", char::MAX)
}

/// Holds of users with a word that begins with `term`, of one of these kinds.
pub(super) fn begins(term: &str, kinds: &[WordKind]) -> Document {
    let mut ranges = kinds.iter().map(|&kind| {
        let word = word(kind, term);
        let end = end(&word);
        doc! { "search_words": { "$elemMatch": { "$gte": word, "$lt": end } } }
    });
    match (kinds.len(), ranges.next()) {
        (1, Some(only)) => only,
        (_, first) => doc! { "$or": first.into_iter().chain(ranges).collect::<Vec<_>>() },
    }
}
