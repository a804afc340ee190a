//! What a template is told.

use std::collections::BTreeMap;

use minijinja::{Environment, Error, ErrorKind, State, Value};
use ntt_auth_core::model::{Letter, Mail, PersonName, Timestamp};

use super::Site;
use crate::message::one_line;

/// Longer names are no way to be greeted.
const LONGEST_NAME: usize = 60;

/// The values for one mail. Whatever a letter may lack is there as `none`, so that templates can ask.
pub(super) fn of(mail: &Mail, site: &Site, locale: &str) -> BTreeMap<&'static str, Value> {
    let mut facts = BTreeMap::from([
        ("site", Value::from(site.name.clone())),
        ("url", Value::from(site.url.clone())),
        ("locale", Value::from(locale)),
        ("letter", Value::from(mail.letter.name())),
        ("name", Value::from(mail.name.as_ref().and_then(greeting))),
    ]);
    let mut tell = |name, value: Value| {
        facts.insert(name, value);
    };
    match &mail.letter {
        Letter::VerifyEmail { link, expires_at }
        | Letter::ResetPassword { link, expires_at }
        | Letter::ConfirmEmailChange { link, expires_at } => {
            tell("link", link.expose().into());
            tell("expires_at", time(*expires_at));
        }
        Letter::AccountExists { link } => tell("link", link.expose().into()),
        Letter::EmailChanged { masked, at } => {
            tell("masked", one_line(masked).into());
            tell("at", time(*at));
        }
        Letter::PasswordChanged { at, ip_address } => {
            tell("at", time(*at));
            tell("ip_address", ip_address.map(|ip| ip.to_string()).into());
        }
        Letter::NewDevice {
            at,
            ip_address,
            device,
            link,
            expires_at,
        } => {
            tell("at", time(*at));
            tell("ip_address", ip_address.map(|ip| ip.to_string()).into());
            tell("device", device.as_deref().map(one_line).into());
            tell("link", link.expose().into());
            tell("expires_at", time(*expires_at));
        }
    }
    facts
}

/// `{{ expires_at|time }}`, as is usual in the template's language; `{{ expires_at|time("%d.%m.%Y %H:%M UTC") }}` as one
/// likes. Times are UTC.
pub(super) fn add_filters(environment: &mut Environment<'_>) {
    environment.add_filter(
        "time",
        |state: &State<'_, '_>, millis: i64, pattern: Option<String>| {
            let locale = state.lookup("locale");
            let locale = locale.as_ref().and_then(Value::as_str).unwrap_or_default();
            let pattern = pattern.as_deref().unwrap_or_else(|| usual(locale));
            let invalid = |error: jiff::Error| {
                Error::new(
                    ErrorKind::InvalidOperation,
                    "this pattern of a time is not understood",
                )
                .with_source(error)
            };
            let moment = jiff::Timestamp::from_millisecond(millis)
                .map_err(invalid)?
                .to_zoned(jiff::tz::TimeZone::UTC);
            jiff::fmt::strtime::format(pattern, &moment).map_err(invalid)
        },
    );
}

fn usual(locale: &str) -> &'static str {
    match locale.split('-').next() {
        Some("en") => "%-d %B %Y, %H:%M UTC",
        Some("ja") => "%Y年%-m月%-d日 %H:%M(UTC)",
        _ => "%Y-%m-%d %H:%M UTC",
    }
}

fn time(at: Timestamp) -> Value {
    at.millis().into()
}

/// The name to greet somebody by. Whoever registers a stranger's address chooses the name in the mail that the stranger gets,
/// so what could be an advertisement or a link is left out.
fn greeting(name: &PersonName) -> Option<String> {
    let name = one_line(name.as_str());
    let dotted = name
        .split('.')
        .skip(1)
        .any(|rest| rest.starts_with(char::is_alphanumeric));
    let harmless =
        !dotted && !name.contains(['/', '\\', ':', '@']) && name.chars().count() <= LONGEST_NAME;
    (harmless && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeted(name: &str) -> Option<String> {
        greeting(&PersonName::from_stored(name.to_owned()))
    }

    #[test]
    fn names_are_greeted_by_and_advertisements_are_not() {
        for name in [
            "Ada",
            "山田",
            "J. R. R. Tolkien",
            "Dr. O'Neil",
            "{{7*7}}",
            "<b>Ada</b",
        ] {
            let expected = (!name.contains('/')).then(|| name.to_owned());
            assert_eq!(greeted(name), expected, "{name}");
        }
        for name in [
            "Win at casino.example",
            "https://evil.example",
            "evil.example/x",
            "mail me@evil.example",
            &"buy ".repeat(20),
            "\r\n",
        ] {
            assert_eq!(greeted(name), None, "{name}");
        }
    }

    #[test]
    fn v1_3_11_a_line_break_in_a_value_is_a_space() {
        assert_eq!(greeted("Ada\r\nBcc: x"), None);
        assert_eq!(
            greeted("Ada\r\n\r\nLovelace").as_deref(),
            Some("Ada Lovelace")
        );
        assert_eq!(one_line("Fire\u{2028}fox\u{0}"), "Fire fox");
    }
}
