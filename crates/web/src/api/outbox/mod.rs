//! `/api/v1/outbox`: mail that is kept instead of sent, for the tests of others. Only in the profiles `development` and
//! `test`, and only where no mail server is configured.

pub(crate) mod clear;
pub(crate) mod list;
pub(crate) mod read;

use ntt_auth_core::model::{JobId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::system::OutboxMail;
use crate::system::outbox::links;

/// A mail that was kept, without what it says.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OutboxHead)]
pub(crate) struct HeadBody {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    mail_id: JobId,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Who it would have gone to.
    #[schema(example = "ada@example.com")]
    to: String,
    /// Which letter it is.
    #[schema(example = "verify-email")]
    letter: String,
    /// The language it is in.
    #[schema(example = "en")]
    locale: String,
    /// Its subject.
    #[schema(example = "Confirm your email address")]
    subject: String,
    /// The addresses in it, in their order: the first is what it is about.
    links: Vec<String>,
}

/// A mail that was kept.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OutboxMail)]
pub(crate) struct MailBody {
    #[serde(flatten)]
    head: HeadBody,
    /// What it says, as plain text.
    text: String,
    /// What it says, as HTML.
    html: String,
}

impl From<&OutboxMail> for HeadBody {
    fn from(mail: &OutboxMail) -> Self {
        Self {
            mail_id: mail.id,
            created_at: mail.at,
            to: mail.to.clone(),
            letter: mail.letter.clone(),
            locale: mail.locale.clone(),
            subject: mail.subject.clone(),
            links: links(&mail.text),
        }
    }
}

impl From<OutboxMail> for MailBody {
    fn from(mail: OutboxMail) -> Self {
        Self {
            head: HeadBody::from(&mail),
            text: mail.text,
            html: mail.html,
        }
    }
}
