//! One of each letter, to check and to show templates with.

use std::time::Duration;

use ntt_auth_core::model::{Email, Letter, Mail, PersonName, Timestamp};
use ntt_auth_core::secret::Bearer;

/// Noon on the day that Ada Lovelace was 210 years old.
const NOON: Timestamp = Timestamp::from_millis(1_765_368_000_000);

/// The name of every letter, in the order in which one meets them.
pub fn letter_names() -> impl Iterator<Item = &'static str> {
    all(true).into_iter().map(|letter| letter.name())
}

/// A mail of the letter `name` to nobody; in full, or without whatever may be absent. `None` if there is no such letter.
pub fn sample(name: &str, full: bool) -> Option<Mail> {
    let letter = all(full).into_iter().find(|letter| letter.name() == name)?;
    Some(Mail {
        to: Email::from_stored("ada@example.com".to_owned()),
        locale: None,
        name: full.then(|| PersonName::from_stored("Ada".to_owned())),
        letter,
    })
}

fn all(full: bool) -> Vec<Letter> {
    let link = |path: &str| Bearer::new(format!("https://auth.example.com/{path}?token=EXAMPLE"));
    let expires_at = NOON.plus(Duration::from_hours(24));
    let ip_address = full.then(|| [192, 0, 2, 17].into());
    vec![
        Letter::VerifyEmail {
            link: link("verify-email"),
            expires_at,
        },
        Letter::ResetPassword {
            link: link("reset-password"),
            expires_at,
        },
        Letter::AccountExists {
            link: link("sign-in"),
        },
        Letter::ConfirmEmailChange {
            link: link("confirm-email"),
            expires_at,
        },
        Letter::EmailChanged {
            masked: "l***@example.org".to_owned(),
            at: NOON,
        },
        Letter::PasswordChanged {
            at: NOON,
            ip_address,
        },
        Letter::NewDevice {
            at: NOON,
            ip_address,
            device: full.then(|| "Firefox on Linux".to_owned()),
            link: link("not-me"),
            expires_at,
        },
    ]
}
