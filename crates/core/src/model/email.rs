//! Email addresses: the login identifier (ACC-2).

use std::fmt;

use email_address::{EmailAddress, Options};
use unicode_normalization::UnicodeNormalization;
use unicode_security::MixedScript;

use crate::model::Invalid;

/// A syntactically valid address (RFC 5321, RFC 6531), its domain in ASCII form (RFC 5891). The local part is kept as
/// it was written, because only its host knows whether case matters there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

/// The form by which addresses are compared and are unique: NFKC, lower case. Only this module makes one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FoldedEmail(String);

/// RFC 5321 § 4.5.3.1.3: a path is at most 256 octets with its angle brackets.
const MAX_OCTETS: usize = 254;

impl Email {
    /// Parses and normalises an address as a person typed it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text: String = text.trim().nfc().collect();
        if text.is_empty() {
            return Err(Invalid::new("required", "An email address is required."));
        }
        if text.len() > MAX_OCTETS {
            return Err(Invalid::new(
                "too_long",
                "An email address has at most 254 octets.",
            ));
        }
        let options = Options::default()
            .with_required_tld()
            .without_display_text()
            .without_domain_literal();
        if text.chars().any(char::is_control)
            || EmailAddress::parse_with_options(&text, options).is_err()
        {
            return Err(INVALID);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(INVALID)?;
        if local.starts_with('"') {
            return Err(Invalid::new(
                "invalid_email",
                "Quoted local parts are not supported.",
            ));
        }
        // `аda@…` with a Cyrillic `а` is another account that looks like this one.
        if !local.is_single_script() || domain.split('.').any(|label| !label.is_single_script()) {
            return Err(Invalid::new(
                "mixed_scripts",
                "An email address must not mix letters of several scripts.",
            ));
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| INVALID)?;
        // No top-level domain is a number (RFC 3696 § 2): this is an IP address without its brackets.
        if domain
            .rsplit('.')
            .next()
            .is_some_and(|top| top.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(INVALID);
        }
        // A letter may stand for several words, or for a bracket; what accounts are found and told apart by must be an address, too.
        let compared = format!("{}@{domain}", local.nfkc());
        if EmailAddress::parse_with_options(&compared, options).is_err() {
            return Err(INVALID);
        }
        let address = format!("{local}@{domain}");
        if address.len() > MAX_OCTETS {
            return Err(Invalid::new(
                "too_long",
                "An email address has at most 254 octets.",
            ));
        }
        Ok(Self(address))
    }

    /// Takes an address back from a store, where only parsed ones are.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The address as it is shown and written to.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form to compare and look up by.
    pub fn folded(&self) -> FoldedEmail {
        FoldedEmail(self.0.nfkc().flat_map(char::to_lowercase).nfkc().collect())
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }
}

const INVALID: Invalid = Invalid::new("invalid_email", "This is not a valid email address.");

impl FoldedEmail {
    /// The folded text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_case_and_compatibility_forms() {
        let one = Email::parse(" Ada.Lovelace@EXAMPLE.com ").unwrap();
        assert_eq!(one.as_str(), "Ada.Lovelace@example.com");
        assert_eq!(
            one.folded(),
            Email::parse("ada.lovelace@example.com").unwrap().folded()
        );
        let wide = Email::parse("ｇrace@example.com").map(|e| e.folded());
        assert_eq!(
            wide.ok(),
            Some(Email::parse("grace@example.com").unwrap().folded())
        );
    }

    #[test]
    fn domains_become_ascii() {
        assert_eq!(
            Email::parse("x@bücher.example").unwrap().as_str(),
            "x@xn--bcher-kva.example"
        );
    }

    #[test]
    fn refuses_what_is_no_address() {
        for text in [
            "",
            "a",
            "a@",
            "@b.c",
            "a@b",
            "a b@c.de",
            "a@b..de",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "Ada <a@b.de>",
            "a@b.de\r\nBcc: x@y.z",
            "\"a b\"@c.de",
            "a\0@b.de",
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(
            Email::parse(&format!("{}@b.de", "a".repeat(300)))
                .unwrap_err()
                .code,
            "too_long"
        );
    }

    #[test]
    fn refuses_letters_that_stand_for_what_no_address_holds() {
        for local in [
            "\u{fdfa}",  // four words with spaces between them
            "\u{fc5e}",  // a space and two marks
            "a\u{2474}", // (1)
            "a\u{2488}", // 1. at the end
        ] {
            let text = format!("{local}@example.com");
            assert!(Email::parse(&text).is_err(), "{text:?}");
        }
        for local in ["\u{130}stanbul", "\u{fb01}n", "\u{b2}", "\u{1e9b}"] {
            let text = format!("{local}@example.com");
            assert!(Email::parse(&text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn refuses_homoglyphs() {
        assert_eq!(
            Email::parse("\u{430}da@example.com").unwrap_err().code,
            "mixed_scripts"
        );
    }
}
