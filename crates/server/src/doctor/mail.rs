//! Whether the mail server takes us.

use super::Findings;
use crate::mail;
use crate::settings::{Delivery, Mail, Profile, Settings};

/// Connects, in TLS where that is set, signs in, and parts. Nothing is sent.
pub(super) async fn examine(settings: &Settings, findings: &mut Findings) {
    let check = "mail";
    match settings.mail.delivery {
        Delivery::Off => {
            return findings.warn(
                check,
                Mail::OFF,
                "set mail.smtp.host and mail.from, and mail.enabled = true",
            );
        }
        Delivery::Outbox if settings.profile == Profile::Test => {
            return findings.ok(check, "is kept in the outbox");
        }
        Delivery::Outbox => {
            return findings.warn(
                check,
                "is kept in the outbox, and sent to nobody",
                "set mail.smtp.host and mail.from",
            );
        }
        Delivery::Smtp(_) => {}
    }
    let issuer = settings.rules(settings.http.listen).tokens.issuer;
    let smtp = match mail::smtp(settings, &issuer) {
        Ok(smtp) => smtp,
        Err(error) => return findings.failed(check, error.to_string()),
    };
    match smtp.try_out().await {
        Ok(()) => findings.ok(
            check,
            "the mail server takes us; `ntt-auth mail test ADDRESS` sends one",
        ),
        Err(error) => {
            let said = error
                .said()
                .map_or_else(String::new, |said| format!(" (it said: {said})"));
            let cure = error
                .advice()
                .unwrap_or("check mail.smtp.host and mail.smtp.port, and that the mail server can be reached from here");
            findings.fail(check, format!("{error}{said}"), cure);
        }
    }
}
