//! Passwords that everybody knows, by the lists and the estimate of zxcvbn (30,000 leaked passwords, names, words, keyboard walks, dates).

use zxcvbn::matching::patterns::MatchPattern;
use zxcvbn::zxcvbn;

/// A password that takes fewer guesses is refused: "very guessable" in the estimator's words, and within what an attacker can try over the network.
const GUESSES: u64 = 1_000_000;

/// What is left of a password without its last few digits and signs must not be a single word that takes fewer guesses: all lists are shorter.
const WORD_GUESSES: u64 = 100_000;

/// How many digits and signs at the end do not make a known password a new one.
const SUFFIX: usize = 4;

/// The longest start that is estimated, since the cost grows with the square of its length. The longest entry of the lists has 23 characters, and what is
/// guessable is so from the start.
const ESTIMATED: usize = 24;

/// Letters for which the estimator takes several signs. It tries every choice among those that occur, so that a text of signs alone would keep it for
/// seconds.
const SIGNS: [&str; 7] = ["4@", "({[<", "69", "1!|", "1|7", "$5", "+7"];

/// A text with more choices is not a known password in disguise: nobody writes one letter of it in four ways.
const CHOICES: usize = 24;

/// Whether a password, given as it is and in lower case, is one that is tried first.
pub(super) fn is_common(text: &str, lower: &str) -> bool {
    let start: String = text.chars().take(ESTIMATED).collect();
    choices(&start) <= CHOICES
        && (zxcvbn(&start, &[]).guesses() < GUESSES || words(lower).any(is_known_word))
}

/// In how many ways the estimator would read the signs of a text as letters.
fn choices(text: &str) -> usize {
    let found = |signs: &&str| {
        signs
            .chars()
            .filter(|sign| text.contains(*sign))
            .count()
            .max(1)
    };
    SIGNS.iter().map(found).product()
}

/// The password in lower case, whole and without one to four digits or signs at its end.
fn words(lower: &str) -> impl Iterator<Item = &str> {
    let ends = lower
        .char_indices()
        .rev()
        .take(SUFFIX)
        .take_while(|(_, character)| !character.is_alphabetic());
    let short = lower.chars().take(ESTIMATED + 1).count() <= ESTIMATED;
    ends.map(|(at, _)| at)
        .chain([lower.len()])
        .filter(move |_| short)
        .filter_map(|end| lower.get(..end))
}

fn is_known_word(word: &str) -> bool {
    let estimate = zxcvbn(word, &[]);
    match estimate.sequence() {
        [one] => one.pattern != MatchPattern::BruteForce && estimate.guesses() < WORD_GUESSES,
        _ => false,
    }
}
