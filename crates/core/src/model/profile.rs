//! What people tell of themselves (ACC-1). Every type is parsed at the edge and holds only what its rule allows.

use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

use crate::model::Invalid;

/// The optional part of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Given name.
    pub first_name: Option<PersonName>,
    /// Family name.
    pub last_name: Option<PersonName>,
    /// Telephone number.
    pub phone: Option<Phone>,
    /// Address of a picture.
    pub avatar_url: Option<AvatarUrl>,
    /// Time zone.
    pub timezone: Option<TimeZoneName>,
    /// Language and region.
    pub locale: Option<LocaleTag>,
    /// Whatever an application keeps with the account.
    pub metadata: Metadata,
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Takes a value back from a store, where only parsed ones are.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

text! {
    /// A given or family name: 1–100 characters in NFC, without control characters or changes of writing direction.
    PersonName
}
text! {
    /// A telephone number in E.164 form: `+` and 7–15 digits.
    Phone
}
text! {
    /// An `https` (or `http`) address of at most 2048 octets, without credentials.
    AvatarUrl
}
text! {
    /// A name of the IANA time zone database, e.g. `Asia/Tokyo`.
    TimeZoneName
}
text! {
    /// A BCP 47 language tag in canonical case, e.g. `ja` or `pt-BR`.
    LocaleTag
}

impl PersonName {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let name: String = text.trim().nfc().collect();
        if name.is_empty() {
            return Err(Invalid::new(
                "too_short",
                "A name has at least 1 character.",
            ));
        }
        if name.chars().count() > 100 {
            return Err(Invalid::new(
                "too_long",
                "A name has at most 100 characters.",
            ));
        }
        if name.chars().any(is_deceptive) {
            return Err(Invalid::new(
                "invalid_characters",
                "A name holds no control characters.",
            ));
        }
        Ok(Self(name))
    }
}

impl Phone {
    /// Parses a number; spaces, hyphens and parentheses that people write are dropped.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let number: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '(' | ')'))
            .collect();
        let digits = number.strip_prefix('+').unwrap_or("");
        if !(7..=15).contains(&digits.len())
            || digits.starts_with('0')
            || !digits.bytes().all(|b| b.is_ascii_digit())
        {
            return Err(Invalid::new(
                "invalid_phone",
                "A phone number is in E.164 form, e.g. +81312345678.",
            ));
        }
        Ok(Self(number))
    }
}

impl AvatarUrl {
    /// Parses an address; `javascript:`, `data:` and the like are refused.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const INVALID: Invalid = Invalid::new(
            "invalid_url",
            "An avatar is an https address of at most 2048 octets.",
        );
        let url = url::Url::parse(text).map_err(|_| INVALID)?;
        let plain = matches!(url.scheme(), "https" | "http")
            && url.username().is_empty()
            && url.password().is_none();
        if !plain || url.as_str().len() > 2048 {
            return Err(INVALID);
        }
        Ok(Self(url.into()))
    }
}

impl TimeZoneName {
    /// Parses a name of the time zone database.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let zone = (text.len() <= 64)
            .then(|| jiff::tz::TimeZone::get(text).ok())
            .flatten();
        match zone.as_ref().and_then(|zone| zone.iana_name()) {
            Some(name) => Ok(Self(name.to_owned())),
            None => Err(Invalid::new(
                "invalid_timezone",
                "A time zone is an IANA name, e.g. Asia/Tokyo.",
            )),
        }
    }
}

impl LocaleTag {
    /// Parses a tag and puts it in canonical case.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        (text.len() <= 35)
            .then(|| icu_locale_core::Locale::try_from_str(text).ok())
            .flatten()
            .map(|locale| Self(locale.to_string()))
            .ok_or(Invalid::new(
                "invalid_locale",
                "A locale is a BCP 47 tag, e.g. ja or pt-BR.",
            ))
    }
}

/// Members that an application keeps with an account: a JSON object of at most 16 KiB and a depth of 8.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata(Map<String, Value>);

const METADATA_OCTETS: usize = 16 * 1024;
const METADATA_DEPTH: usize = 8;

impl Metadata {
    /// Checks size and depth.
    pub fn parse(object: Map<String, Value>) -> Result<Self, Invalid> {
        let value = Value::Object(object);
        if depth(&value) > METADATA_DEPTH {
            return Err(Invalid::new(
                "too_deep",
                "Metadata is nested at most 8 levels deep.",
            ));
        }
        if value.to_string().len() > METADATA_OCTETS {
            return Err(Invalid::new(
                "too_long",
                "Metadata has at most 16384 octets as JSON.",
            ));
        }
        if holds_nul(&value) {
            return Err(Invalid::new(
                "invalid_characters",
                "Metadata holds no NUL character.",
            ));
        }
        match value {
            Value::Object(object) => Ok(Self(object)),
            _ => Ok(Self::default()),
        }
    }

    /// Takes an object back from a store.
    pub fn from_stored(object: Map<String, Value>) -> Self {
        Self(object)
    }

    /// The members.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || holds_nul(value)),
        _ => false,
    }
}

/// Control characters, and those that reorder or hide what stands beside them.
pub(super) fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn accepts_what_people_write() {
        assert_eq!(PersonName::parse(" 山田 ").unwrap().as_str(), "山田");
        assert_eq!(
            Phone::parse("+81 (3) 1234-5678").unwrap().as_str(),
            "+81312345678"
        );
        assert_eq!(
            TimeZoneName::parse("asia/tokyo").unwrap().as_str(),
            "Asia/Tokyo"
        );
        assert_eq!(LocaleTag::parse("PT-br").unwrap().as_str(), "pt-BR");
        assert_eq!(
            AvatarUrl::parse("https://x.example/a.png")
                .unwrap()
                .as_str(),
            "https://x.example/a.png"
        );
    }

    #[test]
    fn refuses_what_breaks_pages_and_mails() {
        assert!(PersonName::parse("Ada\r\nBcc: x").is_err());
        assert!(PersonName::parse("\u{202e}ada").is_err());
        assert!(PersonName::parse(&"a".repeat(101)).is_err());
        for text in [
            "0312345678",
            "+0123456789",
            "+12",
            "+1234567890123456",
            "+81x",
        ] {
            assert!(Phone::parse(text).is_err(), "{text}");
        }
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//x",
            "https://u:p@x.example/",
            "",
        ] {
            assert!(AvatarUrl::parse(text).is_err(), "{text}");
        }
        assert!(TimeZoneName::parse("Mars/Olympus").is_err());
        assert!(TimeZoneName::parse("../../etc/passwd").is_err());
        assert!(LocaleTag::parse("x y").is_err());
    }

    #[test]
    fn metadata_is_bounded() {
        let mut deep = json!(1);
        for _ in 0..8 {
            deep = json!([deep]);
        }
        let object = |value: Value| match value {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        assert_eq!(
            Metadata::parse(object(json!({ "a": deep })))
                .unwrap_err()
                .code,
            "too_deep"
        );
        assert_eq!(
            Metadata::parse(object(json!({ "a": "x".repeat(16_384) })))
                .unwrap_err()
                .code,
            "too_long"
        );
        assert_eq!(
            Metadata::parse(object(json!({ "a": ["\0"] })))
                .unwrap_err()
                .code,
            "invalid_characters"
        );
        assert!(Metadata::parse(object(json!({ "a": { "b": [1, 2] } }))).is_ok());
    }
}
