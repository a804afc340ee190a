//! The notice about a sign-in from a device that is new to an account.

use crate::flow::letters::{Posted, draw, link};
use crate::flow::mail_job::mail_job;
use crate::flow::mailbox::{Mailbox, Pace, may_write, may_write_to};
use crate::flow::sign_in::Device;
use crate::flow::{Auth, Fault};
use crate::model::{CodeKind, Letter, Mail, Session, Timestamp, User, UserId};
use crate::store::{StoreError, Tx};

/// A letter to be written with the session it is about.
pub(crate) struct Notice {
    user: UserId,
    posted: Posted,
    pace: Pace,
    mailbox: Option<Mailbox>,
    at: Timestamp,
}

impl Notice {
    /// `None` if there is nothing to tell: the first sign-in of an account is its owner's, and a program that keeps no
    /// device token but comes from the same place as before is taken for the same.
    pub(crate) async fn of(
        auth: &Auth,
        user: &User,
        session: &Session,
        device: Device,
    ) -> Result<Option<Self>, Fault> {
        if device != Device::New || user.last_login_at.is_none() {
            return Ok(None);
        }
        let seen = auth
            .store
            .read()
            .sessions()
            .seen(user.id, &session.rotated_by, session.client.ip_address)
            .await?;
        if seen {
            return Ok(None);
        }
        let (kind, at) = (CodeKind::NotMe, session.created_at);
        let drawn = draw(auth, kind, user.id, Some(session.id), &user.email, at)?;
        let letter = Letter::NewDevice {
            at,
            ip_address: session.client.ip_address,
            device: session.client.user_agent.as_deref().and_then(in_words),
            link: link(auth, kind, &drawn.token),
            expires_at: drawn.code.expires_at,
        };
        let mail = mail_job(auth, &Mail::to(user, letter), Some(user.id), at)?;
        Ok(Some(Self {
            user: user.id,
            mailbox: Mailbox::of_stranger(auth, user, &mail.topic),
            posted: Posted {
                code: drawn.code,
                mail,
            },
            pace: Pace::of(auth),
            at,
        }))
    }

    /// Writes the letter, unless the person was told of another device a short while ago.
    pub(crate) async fn within(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let topic = &self.posted.mail.topic;
        if may_write(tx, self.pace, self.user, topic, self.at).await?
            && may_write_to(tx, self.mailbox, self.at).await?
        {
            self.posted.within(tx).await?;
        }
        Ok(())
    }
}

/// In the order in which they must be looked for: many browsers also name those they descend from.
const PROGRAMS: [(&str, &str); 10] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// "Firefox on Linux". Only words of ours: whoever signs in with a stolen password chooses the header, and must not write
/// the mail.
fn in_words(user_agent: &str) -> Option<String> {
    let find = |words: &[(&str, &'static str)]| {
        words
            .iter()
            .find(|(part, _)| user_agent.contains(part))
            .map(|(_, word)| *word)
    };
    match (find(&PROGRAMS), find(&SYSTEMS)) {
        (Some(program), Some(system)) => Some(format!("{program} on {system}")),
        (Some(word), None) | (None, Some(word)) => Some(word.to_owned()),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_told_in_words_of_ours() {
        for (header, words) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                Some("Firefox on Linux"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                Some("Safari on iOS"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                Some("Edge on Windows"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
                Some("Chrome on Android"),
            ),
            ("Firefox/1 <a href=https://evil.example>", Some("Firefox")),
            ("It was you; nothing to do. https://evil.example", None),
            ("", None),
        ] {
            assert_eq!(in_words(header).as_deref(), words, "{header}");
        }
    }
}
