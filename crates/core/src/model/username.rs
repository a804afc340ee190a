//! User names: an optional second login identifier (ACC-2).

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_security::{GeneralSecurityProfile, MixedScript};

use crate::model::Invalid;

/// 3–32 letters, digits, `.`, `_`, `-` of one script, in NFKC. It can hold no `@`, so it is never mistaken for an
/// email address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(String);

/// The form by which user names are compared and are unique: NFKC, lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FoldedUsername(String);

impl Username {
    /// Parses and normalises a name as a person typed it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let name: String = text.trim().nfkc().collect();
        match name.chars().count() {
            0..3 => {
                return Err(Invalid::new(
                    "too_short",
                    "A username has at least 3 characters.",
                ));
            }
            3..=32 => {}
            _ => {
                return Err(Invalid::new(
                    "too_long",
                    "A username has at most 32 characters.",
                ));
            }
        }
        let allowed = |c: char| {
            matches!(c, '.' | '_' | '-') || (c.is_alphanumeric() && c.identifier_allowed())
        };
        if !name.chars().all(allowed) {
            return Err(Invalid::new(
                "invalid_username",
                "A username holds letters, digits, '.', '_' and '-' only.",
            ));
        }
        if !name.starts_with(char::is_alphanumeric) || !name.ends_with(char::is_alphanumeric) {
            return Err(Invalid::new(
                "invalid_username",
                "A username begins and ends with a letter or a digit.",
            ));
        }
        if !name.is_single_script() {
            return Err(Invalid::new(
                "mixed_scripts",
                "A username must not mix letters of several scripts.",
            ));
        }
        Ok(Self(name))
    }

    /// Takes a name back from a store, where only parsed ones are.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form to compare and look up by.
    pub fn folded(&self) -> FoldedUsername {
        FoldedUsername(self.0.chars().flat_map(char::to_lowercase).nfkc().collect())
    }
}

impl FoldedUsername {
    /// The folded text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_case_and_width() {
        assert_eq!(
            Username::parse("ＡdaＬ").unwrap().folded(),
            Username::parse("adal").unwrap().folded()
        );
    }

    #[test]
    fn refuses_what_could_be_mistaken() {
        for text in [
            "ab",
            "",
            "a@b.de",
            "a b c",
            "-ada",
            "ada.",
            "ad\u{202e}a",
            "\u{430}da",
            &"a".repeat(33),
        ] {
            assert!(Username::parse(text).is_err(), "{text:?}");
        }
    }
}
