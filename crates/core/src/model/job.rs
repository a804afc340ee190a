//! Jobs: what a transaction asks to be done after its commit, such as sending a mail (OPS-10).

use serde::Serialize;

use crate::model::named::named;
use crate::model::{JobId, Timestamp, UserId};

/// What a job does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobKind {
    /// Sends a mail.
    Mail,
    /// Finds out whose password was forgotten, and has a mail sent to them, if to anybody.
    ForgotPassword,
    /// Finds out who asked for another mail to verify their address, and has it sent.
    ResendVerification,
    /// Has a mail sent to a new address of an account, to be confirmed there.
    ChangeEmail,
    /// Something that a newer node of the same store asks for, by its name: it is shown, and performed by such a node.
    Foreign(Box<str>),
}

impl JobKind {
    /// Every one that this program performs.
    pub const KNOWN: [Self; 4] = [
        Self::Mail,
        Self::ForgotPassword,
        Self::ResendVerification,
        Self::ChangeEmail,
    ];

    /// The name used in the store and in the API.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Mail => "mail",
            Self::ForgotPassword => "forgot_password",
            Self::ResendVerification => "resend_verification",
            Self::ChangeEmail => "change_email",
            Self::Foreign(name) => name,
        }
    }

    /// The kind of this name. There is one for every name.
    pub fn named(name: &str) -> Self {
        Self::KNOWN
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .unwrap_or_else(|| Self::Foreign(name.into()))
    }
}

named! {
    /// Where a job stands.
    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum JobState {
        /// Waits for its time.
        Waiting => "waiting",
        /// Somebody performs it; if they do not finish before the lease runs out, another may.
        Leased => "leased",
        /// Done. It is kept for a while, without its payload, so that an administrator can see that it was.
        Done => "done",
        /// Given up: after its last attempt, because it cannot succeed, or because it came too late.
        Dead => "dead",
    }
}

/// The right to perform a job, for a time. It is known again by its two parts, so that a worker whose lease was lost
/// cannot record an outcome over that of the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Which node holds it.
    pub by: String,
    /// Until when.
    pub until: Timestamp,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id, which sorts by the time it was asked for.
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// A word more on what it does: the name of the letter. Never personal data.
    pub topic: String,
    /// Whom it concerns, so that it goes when they are erased.
    pub subject: Option<UserId>,
    /// What it needs, sealed under the root secret for this job alone: addresses and the secrets of links. Empty once
    /// it is done.
    pub payload: Vec<u8>,
    /// Where it stands.
    pub state: JobState,
    /// How often it was begun.
    pub attempts: u32,
    /// When it may be begun next; for a leased one, when the lease runs out. `None` when it is over.
    pub due_at: Option<Timestamp>,
    /// When it is of no use any more, and is not begun.
    pub expires_at: Option<Timestamp>,
    /// Who performs it, while it is leased.
    pub leased_by: Option<String>,
    /// Why the last attempt failed, for the operator. Never personal data or a secret.
    pub last_error: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was done or given up.
    pub finished_at: Option<Timestamp>,
}
