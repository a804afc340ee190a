//! A mail as it travels (RFC 5322, RFC 2045).

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use lettre::address::Envelope;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};
use lettre::{Address, Message as Composed};
use ntt_auth_core::model::{Email, JobId, Timestamp};

use crate::letters::Rendered;

/// In whose name mail goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The address that mail comes from, and that what cannot be delivered goes back to.
    pub from: Email,
    /// The name beside it.
    pub from_name: Option<String>,
    /// Where answers go, if not to `from`.
    pub reply_to: Option<Email>,
    /// The host that message ids end in: the public one.
    pub host: String,
}

/// A mail, ready to be handed over.
#[derive(Clone)]
pub struct Message {
    /// The job that owes it.
    pub job: JobId,
    /// When it was written.
    pub at: Timestamp,
    /// To whom.
    pub to: Email,
    /// What it says.
    pub rendered: Rendered,
    /// The envelope (RFC 5321 § 2.3.1).
    pub(crate) envelope: Envelope,
    /// The message, with CRLF at the end of each line.
    pub(crate) raw: Vec<u8>,
}

impl fmt::Debug for Message {
    /// Without its words and its recipient.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("job", &self.job)
            .field("rendered", &self.rendered)
            .finish_non_exhaustive()
    }
}

/// Why a mail could not be composed: an address that SMTP does not know how to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {0} cannot be written in a mail")]
pub struct ComposeError(&'static str);

impl Message {
    /// Composes a message. The same arguments give the same octets, so that a mail which arrives twice is known for one.
    pub fn compose(
        sender: &Sender,
        job: JobId,
        at: Timestamp,
        to: &Email,
        rendered: Rendered,
    ) -> Result<Self, ComposeError> {
        let from = address(&sender.from, "sender's address")?;
        let to_address = address(to, "recipient's address")?;
        let date = UNIX_EPOCH + Duration::from_millis(u64::try_from(at.millis()).unwrap_or(0));
        let body = MultiPart::builder()
            .kind(MultiPartKind::Alternative)
            .boundary(format!("=_{job}"))
            .singlepart(SinglePart::plain(rendered.text.clone()))
            .singlepart(SinglePart::html(rendered.html.clone()));
        let mut builder = Composed::builder()
            .from(Mailbox::new(
                sender.from_name.as_deref().map(one_line),
                from.clone(),
            ))
            // No name: whoever registered may have chosen it for somebody else.
            .to(Mailbox::new(None, to_address.clone()))
            .subject(one_line(&rendered.subject))
            .date(date)
            .message_id(Some(format!("<{job}@{}>", sender.host)))
            .header(AutoSubmitted)
            .header(AutoResponseSuppress)
            .header(ContentLanguage(one_line(&rendered.locale)))
            .header(LetterName(rendered.letter));
        if let Some(reply_to) = &sender.reply_to {
            builder = builder.reply_to(Mailbox::new(None, address(reply_to, "reply address")?));
        }
        let composed = builder
            .multipart(body)
            .map_err(|_| ComposeError("sender or recipient"))?;
        Ok(Self {
            job,
            at,
            to: to.clone(),
            rendered,
            raw: composed.formatted(),
            envelope: composed.envelope().clone(),
        })
    }

    /// The message as it travels.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }
}

fn address(email: &Email, what: &'static str) -> Result<Address, ComposeError> {
    email.as_str().parse().map_err(|_| ComposeError(what))
}

/// A text as one line without control characters.
pub(crate) fn one_line(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

macro_rules! header {
    ($(#[$doc:meta])* $type:ident $(($value:ty))?, $name:literal, |$self:ident| $text:expr) => {
        $(#[$doc])*
        #[derive(Clone)]
        struct $type $(($value))?;

        impl Header for $type {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($name)
            }

            fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Err(concat!($name, " is only written").into())
            }

            fn display(&self) -> HeaderValue {
                let $self = self;
                HeaderValue::new(Self::name(), $text)
            }
        }
    };
}

header!(
    /// Out-of-office programs do not answer it (RFC 3834 § 5).
    AutoSubmitted, "Auto-Submitted", |_it| "auto-generated".to_owned()
);
header!(
    /// The same, for Exchange.
    AutoResponseSuppress, "X-Auto-Response-Suppress", |_it| "All".to_owned()
);
header!(
    /// The language of the mail (RFC 3282 § 2).
    ContentLanguage(String), "Content-Language", |it| it.0.clone()
);
header!(
    /// Which letter it is, for the operator's filters and tests.
    LetterName(&'static str), "X-Letter", |it| it.0.to_owned()
);
