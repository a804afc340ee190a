//! The way of a mail: from what it tells to somebody who takes it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ntt_auth_core::model::{JobId, Mail};
use ntt_auth_core::port::{Clock, MailError, Mailer};
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::letters::Letters;
use crate::message::{Message, Sender};
use crate::smtp::SmtpError;

/// Takes messages: a server, or the outbox.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Takes one message. It may be given the same one again, if it could not say in time that it took it.
    async fn deliver(&self, message: &Message) -> Result<(), SendError>;

    /// Lets go of what is kept for the next message.
    async fn close(&self) {}
}

/// Why a message was not taken. The text is for the operator; it holds neither an address nor a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The server.
    #[error(transparent)]
    Smtp(#[from] SmtpError),
    /// It was not even tried, because the last attempts failed.
    #[error("the mail server has been failing, so that it is left alone for a while")]
    Suspended,
    /// The outbox cannot be written.
    #[error("the outbox cannot be written: {0}")]
    Outbox(String),
    /// Mail is turned off.
    #[error("mail is turned off (mail.enabled = false)")]
    Disabled,
}

impl SendError {
    /// Whether it will not go through however often it is tried.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Smtp(error) => error.is_permanent(),
            Self::Disabled => true,
            Self::Suspended | Self::Outbox(_) => false,
        }
    }
}

/// How often a letter was sent, and was not, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LetterCount {
    /// Handed over.
    pub sent: u64,
    /// Attempts that failed and will be repeated.
    pub put_off: u64,
    /// Refused for good.
    pub refused: u64,
}

/// Puts letters in words and hands them over.
pub struct Post {
    letters: Arc<Letters>,
    sender: Sender,
    clock: Arc<dyn Clock>,
    transport: Arc<dyn Transport>,
    counts: Mutex<BTreeMap<&'static str, LetterCount>>,
}

impl Post {
    /// Puts the parts together.
    pub fn new(
        letters: Arc<Letters>,
        sender: Sender,
        clock: Arc<dyn Clock>,
        transport: Arc<dyn Transport>,
    ) -> Self {
        Self {
            letters,
            sender,
            clock,
            transport,
            counts: Mutex::default(),
        }
    }

    /// How often each letter was sent, and was not.
    pub fn counts(&self) -> BTreeMap<&'static str, LetterCount> {
        self.counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Puts a mail in words and into a message.
    pub fn compose(&self, job: JobId, mail: &Mail) -> Result<Message, MailError> {
        let rendered = self.letters.render(mail).map_err(|error| {
            // It was rendered with samples at the start: somebody mends the template and lets it be tried again.
            MailError::Transient(format!("the template of {}: {error}", mail.letter.name()).into())
        })?;
        Message::compose(&self.sender, job, self.clock.now(), &mail.to, rendered)
            .map_err(|error| MailError::Permanent(error.to_string().into()))
    }

    /// Lets go of what the transport keeps.
    pub async fn close(&self) {
        self.transport.close().await;
    }

    async fn deliver(&self, letter: &'static str, message: &Message) -> Result<(), MailError> {
        let span = tracing::info_span!(
            target: "trace",
            "send mail",
            otel.name = %format_args!("send mail {letter}"),
            otel.kind = "client",
            otel.status_code = Empty,
        );
        let delivery = self.transport.deliver(message).instrument(span.clone());
        delivery.await.map_err(|error| {
            // Its text is the job's: a mail server may have put the address into it.
            span.record("otel.status_code", "ERROR");
            let text = error.to_string().into();
            if error.is_permanent() {
                MailError::Permanent(text)
            } else {
                MailError::Transient(text)
            }
        })
    }

    fn count(&self, letter: &'static str, outcome: &Result<(), MailError>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(letter).or_default();
        match outcome {
            Ok(()) => count.sent += 1,
            Err(MailError::Transient(_)) => count.put_off += 1,
            Err(MailError::Permanent(_)) => count.refused += 1,
        }
    }
}

#[async_trait]
impl Mailer for Post {
    async fn send(&self, job: JobId, mail: &Mail) -> Result<(), MailError> {
        let outcome = match self.compose(job, mail) {
            Ok(message) => self.deliver(mail.letter.name(), &message).await,
            Err(error) => Err(error),
        };
        self.count(mail.letter.name(), &outcome);
        outcome
    }
}
