//! Writing to people: the words of each mail in their language, MIME, SMTP, and the outbox that keeps mail where there
//! is no server to send it.
//!
//! What a mail tells is decided by the rules, as a [`Letter`](ntt_auth_core::model::Letter); when it is sent, and how
//! often that is tried, is decided by the queue. This room turns one letter into one message and hands it over.

mod letters;
mod message;
mod outbox;
mod post;
mod smtp;

pub use letters::{
    Letters, Rendered, Site, TemplateError, default_templates, letter_names, sample,
};
pub use message::{Message, Sender};
pub use outbox::{KeptMail, Outbox};
pub use post::{LetterCount, Post, SendError, Transport};
pub use smtp::{Credentials, Security, Smtp, SmtpError, SmtpSettings, Stage, TlsError, Trouble};
