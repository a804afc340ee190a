use std::collections::HashSet;

use crate::model::Invalid;
use crate::password::{Plain, common};

/// What a new password must be (ACC-4). Presets are data: every figure can be changed, and one evaluator serves all.
///
/// Lengths are counted in Unicode code points after normalisation, as [`Plain`] does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The least length where the password is the only factor.
    pub min: usize,
    /// The least length where a second factor is asked for as well.
    pub min_with_second_factor: usize,
    /// The greatest length.
    pub max: usize,
    /// The classes of which at least one character each is needed.
    pub require: Vec<CharacterClass>,
    /// Passwords that are refused in addition to those everybody knows, in lower case.
    pub blocklist: HashSet<String>,
    /// Words that a password must not contain, such as the names of product and company, in addition to what is known of the person.
    pub context: Vec<String>,
}

/// A kind of character that a policy can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CharacterClass {
    /// An upper-case letter of any script.
    Upper,
    /// A lower-case letter of any script.
    Lower,
    /// A digit of any script.
    Digit,
    /// Anything that is neither a letter nor a digit; a space, too.
    Special,
}

impl CharacterClass {
    /// All four, in the order in which their absence is reported.
    pub const ALL: [Self; 4] = [Self::Upper, Self::Lower, Self::Digit, Self::Special];

    fn contains(self, character: char) -> bool {
        match self {
            Self::Upper => character.is_uppercase(),
            Self::Lower => character.is_lowercase(),
            Self::Digit => character.is_numeric(),
            Self::Special => !character.is_alphanumeric(),
        }
    }

    const fn missing(self) -> Invalid {
        match self {
            Self::Upper => Invalid::new("missing_upper", "An upper-case letter is missing."),
            Self::Lower => Invalid::new("missing_lower", "A lower-case letter is missing."),
            Self::Digit => Invalid::new("missing_digit", "A digit is missing."),
            Self::Special => Invalid::new(
                "missing_special",
                "A character that is neither a letter nor a digit is missing.",
            ),
        }
    }
}

/// Words shorter than this are in too many good passwords to be refused.
const SHORTEST_WORD: usize = 4;

impl PasswordPolicy {
    /// 8–128 characters, of each class one. The default.
    pub fn classic() -> Self {
        Self {
            min: 8,
            min_with_second_factor: 8,
            max: 128,
            require: CharacterClass::ALL.to_vec(),
            blocklist: HashSet::new(),
            context: Vec::new(),
        }
    }

    /// NIST SP 800-63B-4, 3.1.1.2: 15–128 characters, 8 with a second factor, no rules of composition.
    pub fn nist() -> Self {
        Self {
            min: 15,
            require: Vec::new(),
            ..Self::classic()
        }
    }

    /// Checks a new password that will be the only factor. `person` is what is known of its owner: email address, names.
    ///
    /// Each broken rule is one entry, with a code: `too_short`, `too_long`, `missing_upper`, `missing_lower`, `missing_digit`, `missing_special`, `common`,
    /// `contains_context`.
    pub fn check(&self, password: &Plain, person: &[&str]) -> Result<(), Vec<Invalid>> {
        self.check_length_from(self.min, password, person)
    }

    /// As [`Self::check`], where a second factor is asked for as well.
    pub fn check_with_second_factor(
        &self,
        password: &Plain,
        person: &[&str],
    ) -> Result<(), Vec<Invalid>> {
        self.check_length_from(self.min_with_second_factor, password, person)
    }

    fn check_length_from(
        &self,
        min: usize,
        password: &Plain,
        person: &[&str],
    ) -> Result<(), Vec<Invalid>> {
        let text = password.as_str();
        let mut broken = Vec::new();
        let length = text.chars().count();
        if length < min {
            broken.push(Invalid::with(
                "too_short",
                format!("A password has at least {min} characters."),
            ));
        }
        if length > self.max {
            broken.push(Invalid::with(
                "too_long",
                format!("A password has at most {} characters.", self.max),
            ));
        }
        for class in &self.require {
            if !text.chars().any(|character| class.contains(character)) {
                broken.push(class.missing());
            }
        }
        let lower = text.to_lowercase();
        if common::is_common(text, &lower) || self.blocklist.contains(&lower) {
            broken.push(Invalid::new(
                "common",
                "This is one of the passwords that are tried first, or close to one.",
            ));
        }
        if contains_any(
            &lower,
            self.context
                .iter()
                .map(String::as_str)
                .chain(person.iter().copied()),
        ) {
            broken.push(Invalid::new(
                "contains_context",
                "The password contains a name or an address that others know.",
            ));
        }
        if broken.is_empty() {
            Ok(())
        } else {
            Err(broken)
        }
    }
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self::classic()
    }
}

/// Whether the password contains one of these, or a word of them, without regard to case.
fn contains_any<'a>(lower: &str, context: impl Iterator<Item = &'a str>) -> bool {
    context.map(str::to_lowercase).any(|text| {
        let words = text.split(|character: char| !character.is_alphanumeric());
        words
            .chain([text.trim()])
            .any(|word| word.chars().count() >= SHORTEST_WORD && lower.contains(word))
    })
}

#[cfg(test)]
mod tests;
