//! Mails to people: what they are told, before it is written out in their language.

use std::net::IpAddr;

use crate::model::{Email, LocaleTag, PersonName, Timestamp};
use crate::secret::Bearer;

/// A mail to one person.
#[derive(Debug, Clone)]
pub struct Mail {
    /// To whom.
    pub to: Email,
    /// The language they read, if they said so.
    pub locale: Option<LocaleTag>,
    /// What they are called, if they said so.
    pub name: Option<PersonName>,
    /// What they are told.
    pub letter: Letter,
}

/// What a mail tells. A link is an address below the configured public one, with a one-time secret in it.
#[derive(Debug, Clone)]
pub enum Letter {
    /// Show that this address is yours (ACC-7).
    VerifyEmail {
        /// Where to do so.
        link: Bearer,
        /// Until when the link is good.
        expires_at: Timestamp,
    },
    /// Choose a new password (ACC-6).
    ResetPassword {
        /// Where to do so.
        link: Bearer,
        /// Until when the link is good.
        expires_at: Timestamp,
    },
    /// Somebody registered with an address that has an account; sent instead of an answer that would tell (ACC-3).
    AccountExists {
        /// Where to sign in.
        link: Bearer,
    },
    /// Confirm at the new address that the account shall move to it (ACC-8).
    ConfirmEmailChange {
        /// Where to do so.
        link: Bearer,
        /// Until when the link is good.
        expires_at: Timestamp,
    },
    /// Told at the old address: the account has moved to another one (ACC-8).
    EmailChanged {
        /// The new address, shortened so that it can be recognised and no more.
        masked: String,
        /// When.
        at: Timestamp,
    },
    /// The password was changed or reset.
    PasswordChanged {
        /// When.
        at: Timestamp,
        /// From where.
        ip_address: Option<IpAddr>,
    },
    /// A sign-in from a device that is new to the account.
    NewDevice {
        /// When.
        at: Timestamp,
        /// From where.
        ip_address: Option<IpAddr>,
        /// The device in words, e.g. "Firefox on Linux".
        device: Option<String>,
        /// "This was not me": ends that session and leads to a new password.
        link: Bearer,
        /// Until when the link is good.
        expires_at: Timestamp,
    },
}

impl Letter {
    /// The name of the letter: its templates are named by it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::VerifyEmail { .. } => "verify-email",
            Self::ResetPassword { .. } => "reset-password",
            Self::AccountExists { .. } => "account-exists",
            Self::ConfirmEmailChange { .. } => "confirm-email-change",
            Self::EmailChanged { .. } => "email-changed",
            Self::PasswordChanged { .. } => "password-changed",
            Self::NewDevice { .. } => "new-device",
        }
    }

    /// Until when its link is good: later, the mail is of no use and is not sent.
    pub const fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::VerifyEmail { expires_at, .. }
            | Self::ResetPassword { expires_at, .. }
            | Self::ConfirmEmailChange { expires_at, .. }
            | Self::NewDevice { expires_at, .. } => Some(*expires_at),
            Self::AccountExists { .. }
            | Self::EmailChanged { .. }
            | Self::PasswordChanged { .. } => None,
        }
    }
}
