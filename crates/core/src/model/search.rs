//! Finding people: the words a user is found by, and what somebody types to find them.
//!
//! Words begin where letters or digits begin: `Ada King-Noel` is found by `ada`, `king`, `king-noel` and `noel`, and by
//! the beginning of each; `ada.l@mail.example.com` by `ada.l@…`, `l@…`, `mail.example.com` and `example.com`. Scripts that are
//! written without spaces begin a word at each character. Case, width and the accents of European letters do not matter.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use crate::model::{PersonName, User, Username};

/// A word is known by so many of its first characters.
const WORD_CHARACTERS: usize = 64;
/// Words of one user, of each kind.
const WORDS: usize = 24;
/// Words that somebody searches for at one time; further ones are passed over.
const TERMS: usize = 8;

/// The words a user is found by. A store keeps them beside the user and never makes any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchWords {
    shown: BTreeSet<String>,
    contact: BTreeSet<String>,
}

impl SearchWords {
    /// The words of `user`.
    pub fn of(user: &User) -> Self {
        let profile = &user.profile;
        let [first, last] = [&profile.first_name, &profile.last_name]
            .map(|name| name.as_ref().map(PersonName::as_str));
        let username = user.username.as_ref().map(Username::as_str);
        Self::of_texts(user.email.folded().as_str(), [first, last, username])
    }

    /// The words of a user with this folded address and these names.
    pub fn of_texts(email_folded: &str, names: [Option<&str>; 3]) -> Self {
        let mut shown = BTreeSet::new();
        for text in names.into_iter().flatten() {
            let folded = fold(text);
            for chunk in folded.split_whitespace() {
                add(&mut shown, chunk, |_| true);
            }
        }
        let mut contact = BTreeSet::new();
        // A top-level domain alone finds nobody in particular.
        let names_somebody = |word: &str| word.contains(['@', '.']);
        // A space would be taken for the mark of a word of names when the text is read back.
        let mut tell = |text: &str| {
            for chunk in fold(text).split_whitespace() {
                add(&mut contact, chunk, names_somebody);
            }
        };
        tell(email_folded);
        if let Some((local, domain)) = email_folded.rsplit_once('@') {
            let (readable, _) = idna::domain_to_unicode(domain);
            if readable != domain {
                tell(&format!("{local}@{readable}"));
            }
        }
        contact.retain(|word| !shown.contains(word));
        Self { shown, contact }
    }

    /// All words, each with its kind.
    pub fn kinds(&self) -> impl Iterator<Item = (WordKind, &str)> {
        let shown = self.shown().map(|word| match self.echoes(word) {
            true => (WordKind::ShownEcho, word),
            false => (WordKind::Shown, word),
        });
        let contact = self.contact().map(|word| match self.echoes(word) {
            true => (WordKind::ContactEcho, word),
            false => (WordKind::Contact, word),
        });
        shown.chain(contact)
    }

    /// Whether `word` begins with another one of a name, and goes on with neither letter nor digit.
    fn echoes(&self, word: &str) -> bool {
        word.split_once(|c: char| !c.is_alphanumeric())
            .is_some_and(|(name, _)| self.shown.contains(name))
    }

    /// Words of names, which everybody who sees users sees.
    pub fn shown(&self) -> impl Iterator<Item = &str> {
        self.shown.iter().map(String::as_str)
    }

    /// Further words, of the address.
    pub fn contact(&self) -> impl Iterator<Item = &str> {
        self.contact.iter().map(String::as_str)
    }

    /// All words as one text: a space before each of [`SearchWords::shown`], a line feed before each of
    /// [`SearchWords::contact`]. No word holds either.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (mark, words) in [(' ', &self.shown), ('\n', &self.contact)] {
            for word in words {
                text.push(mark);
                text.push_str(word);
            }
        }
        text
    }

    /// Takes the words back from their text.
    pub fn from_text(text: &str) -> Self {
        let mut words = Self::default();
        let mut rest = text;
        while let Some(mark) = rest.chars().next() {
            let (_, tail) = rest.split_at(mark.len_utf8());
            let end = tail.find([' ', '\n']).unwrap_or(tail.len());
            let (word, next) = tail.split_at(end);
            let kind = if mark == ' ' {
                &mut words.shown
            } else {
                &mut words.contact
            };
            kind.insert(word.to_owned());
            rest = next;
        }
        words
    }
}

/// Of what kind a word is, which a store keeps with it; [`Search::kinds`] decides which are looked at.
///
/// Most people have their name in their address or user name. Where that name alone was typed, these need not be looked at:
/// whoever has them is found by the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WordKind {
    /// Of a name.
    Shown,
    /// Of the address.
    Contact,
    /// Of a name, beginning with a shorter word of a name and a mark: `ada_l` of who is called Ada.
    ShownEcho,
    /// Of the address, beginning with a word of a name and a mark: `ada.l@example.com` of who is called Ada.
    ContactEcho,
}

impl WordKind {
    /// The number that stands for it.
    pub const fn number(self) -> u32 {
        match self {
            Self::Shown => 0,
            Self::Contact => 1,
            Self::ShownEcho => 2,
            Self::ContactEcho => 3,
        }
    }
}

/// Which words are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SearchScope {
    /// All of them.
    Everything,
    /// Those of names alone: what may be asked by who does not see addresses.
    Shown,
}

/// What somebody searches for: users who have, for each term, a word that begins with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The terms, folded; at least one.
    pub terms: Vec<String>,
    /// Which words are looked at.
    pub scope: SearchScope,
}

impl Search {
    /// The kinds of words that are to be looked at for `term`.
    pub fn kinds(&self, term: &str) -> &'static [WordKind] {
        use WordKind::{Contact, ContactEcho, Shown, ShownEcho};

        // What it begins is no longer than the name that is echoed.
        let is_plain = term.chars().all(char::is_alphanumeric);
        match (self.scope, is_plain) {
            (SearchScope::Everything, true) => &[Shown, Contact],
            (SearchScope::Everything, false) => &[Shown, Contact, ShownEcho, ContactEcho],
            (SearchScope::Shown, true) => &[Shown],
            (SearchScope::Shown, false) => &[Shown, ShownEcho],
        }
    }

    /// Reads what somebody typed; `None` if that is nothing but spaces.
    pub fn parse(text: &str) -> Option<Self> {
        let folded = fold(text);
        let mut terms: Vec<String> = Vec::new();
        for chunk in folded.split(|c: char| c.is_whitespace() || c.is_control()) {
            let word = chunk.trim_start_matches(|c: char| !c.is_alphanumeric());
            // What holds neither letter nor digit begins no word, and finds nobody.
            let term = cut(if word.is_empty() { chunk } else { word });
            if !term.is_empty() && terms.len() < TERMS && !terms.iter().any(|other| other == term) {
                terms.push(term.to_owned());
            }
        }
        (!terms.is_empty()).then_some(Self {
            terms,
            scope: SearchScope::Everything,
        })
    }
}

/// Without regard to case, width, and the accents of European letters.
fn fold(text: &str) -> String {
    let plain = |text: &str| -> String {
        text.nfkd()
            .filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
            .flat_map(char::to_lowercase)
            .collect()
    };
    // Lower case may decompose again, e.g. that of a dotted capital I.
    plain(&plain(text)).nfc().collect()
}

/// Adds every word that begins in `chunk` and is `wanted`.
fn add(words: &mut BTreeSet<String>, chunk: &str, wanted: impl Fn(&str) -> bool) {
    let mut before = None;
    for (at, c) in chunk.char_indices() {
        let begins = c.is_alphanumeric()
            && before.is_none_or(|before: char| {
                !before.is_alphanumeric() || stands_alone(before) || stands_alone(c)
            });
        before = Some(c);
        let (_, word) = chunk.split_at(at);
        if begins && words.len() < WORDS && wanted(word) {
            words.insert(cut(word).to_owned());
        }
    }
}

fn cut(word: &str) -> &str {
    word.char_indices()
        .nth(WORD_CHARACTERS)
        .map_or(word, |(end, _)| word.split_at(end).0)
}

/// Whether this is a character of a script that is written without spaces between words.
fn stands_alone(c: char) -> bool {
    matches!(
        c,
        '\u{3041}'..='\u{30ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = BTreeSet::new();
        for chunk in fold(text).split_whitespace() {
            add(&mut words, chunk, |_| true);
        }
        words.into_iter().collect()
    }

    fn terms(text: &str) -> Vec<String> {
        Search::parse(text).map_or_else(Vec::new, |search| search.terms)
    }

    #[test]
    fn words_begin_where_letters_begin() {
        assert_eq!(words("Ada King-Noel"), ["ada", "king-noel", "noel"]);
        assert_eq!(words("O'Brien"), ["brien", "o'brien"]);
        assert_eq!(
            words("ada_lovelace.1815"),
            ["1815", "ada_lovelace.1815", "lovelace.1815"]
        );
        assert_eq!(words("山田 太郎"), ["太郎", "山田", "田", "郎"]);
        assert_eq!(words("--"), [] as [&str; 0]);
    }

    #[test]
    fn case_width_and_accents_do_not_matter() {
        for (one, other) in [
            ("Müller", "muller"),
            ("ＡＤＡ", "ada"),
            ("Ångström", "angstrom"),
            ("İstanbul", "istanbul"),
            ("ΆΛΦΑ", "αλφα"),
        ] {
            assert_eq!(words(one), words(other), "{one}");
        }
        // A voiced kana is another letter, not an accented one, in either spelling.
        assert_eq!(fold("か\u{3099}"), "が");
        assert_ne!(fold("が"), fold("か"));
    }

    #[test]
    fn what_is_typed_is_read_as_words() {
        assert_eq!(terms("  Ada   LOVE "), ["ada", "love"]);
        assert_eq!(terms("ada ADA"), ["ada"]);
        assert_eq!(terms("@example.com"), ["example.com"]);
        assert_eq!(terms("% _a\0b"), ["%", "a", "b"]);
        assert_eq!(terms(" \u{3000}\t"), [] as [&str; 0]);
        assert_eq!(terms("a b c d e f g h i j").len(), TERMS);
        assert_eq!(terms(&"x".repeat(500)), ["x".repeat(WORD_CHARACTERS)]);
    }

    #[test]
    fn no_echo_is_missed_by_what_begins_it() {
        let words = SearchWords {
            shown: ["ada", "ada_l", "king-noel", "noel", "l"]
                .map(String::from)
                .into(),
            contact: ["ada.king@x.de", "adak@x.de", "king@x.de", "x.de"]
                .map(String::from)
                .into(),
        };
        let echoes: Vec<_> = words
            .kinds()
            .filter(|(kind, _)| matches!(kind, WordKind::ShownEcho | WordKind::ContactEcho))
            .collect();
        assert_eq!(
            echoes,
            [
                (WordKind::ShownEcho, "ada_l"),
                (WordKind::ContactEcho, "ada.king@x.de")
            ]
        );
        for (_, word) in words.kinds() {
            for (end, _) in word.char_indices().skip(1) {
                let mut search = Search::parse(word.split_at(end).0).unwrap();
                for scope in [SearchScope::Everything, SearchScope::Shown] {
                    search.scope = scope;
                    let term = search.terms.first().unwrap();
                    let begins = |kinds: &[WordKind]| {
                        words
                            .kinds()
                            .any(|(kind, word)| kinds.contains(&kind) && word.starts_with(term))
                    };
                    let all: &[WordKind] = match scope {
                        SearchScope::Everything => &[
                            WordKind::Shown,
                            WordKind::Contact,
                            WordKind::ShownEcho,
                            WordKind::ContactEcho,
                        ],
                        SearchScope::Shown => &[WordKind::Shown, WordKind::ShownEcho],
                    };
                    assert_eq!(begins(search.kinds(term)), begins(all), "{term} {scope:?}");
                }
            }
        }
    }

    #[test]
    fn the_text_gives_the_words_back() {
        let words = SearchWords {
            shown: ["ada", "love"].map(String::from).into(),
            contact: ["ada@x.de", "x.de"].map(String::from).into(),
        };
        assert_eq!(words.text(), " ada love\nada@x.de\nx.de");
        assert_eq!(SearchWords::from_text(&words.text()), words);
        assert_eq!(SearchWords::from_text(""), SearchWords::default());
    }
}
