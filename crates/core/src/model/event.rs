//! Security events: what happened to whom, by whom, from where.

use std::net::IpAddr;

use serde::Serialize;

use crate::model::named::named;
use crate::model::{EventId, SessionId, Timestamp, UserId};

/// How something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was tried in vain, or is a sign of an attack.
    Failure,
    /// It was refused to somebody who may not do it.
    Denied,
}

impl Outcome {
    /// Every outcome there is.
    pub const ALL: [Self; 3] = [Self::Success, Self::Failure, Self::Denied];

    /// The name used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Denied => "denied",
        }
    }
}

/// Kinds, each with its meaning, its name and, unless it is a success, its outcome: `Name => "name" is Failure`.
macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $name:ident => $text:literal $(is $outcome:ident)?,)*) => {
        named! {
            /// What happened.
            #[derive(Serialize)]
            #[serde(rename_all = "snake_case")]
            pub enum EventKind { $($(#[doc = $doc])* $name => $text,)* }
        }

        impl EventKind {
            /// What it means, in one line.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),*).trim(),)* }
            }

            /// How it went.
            pub const fn outcome(self) -> Outcome {
                match self { $(Self::$name => outcome!($($outcome)?),)* }
            }
        }
    };
}

macro_rules! outcome {
    () => {
        Outcome::Success
    };
    ($outcome:ident) => {
        Outcome::$outcome
    };
}

kinds! {
    /// An account was made.
    Registered => "registered",
    /// A password was accepted and a session began.
    SignedIn => "signed_in",
    /// A password was refused, or the account may not sign in.
    SignInFailed => "sign_in_failed" is Failure,
    /// The password was asked for again of somebody signed in, and was wrong.
    PasswordRefused => "password_refused" is Failure,
    /// Too many wrong passwords: the account is locked for where they came from.
    AccountLocked => "account_locked" is Failure,
    /// An administrator lifted every such lock.
    AccountUnlocked => "account_unlocked",
    /// A session was ended.
    SessionEnded => "session_ended",
    /// A used refresh token was presented: its family was ended.
    RefreshTokenReused => "refresh_token_reused" is Failure,
    /// A password was changed by its owner.
    PasswordChanged => "password_changed",
    /// A password was set by an operator, or replaced or removed by an import.
    PasswordSet => "password_set",
    /// A profile was changed.
    UserUpdated => "user_updated",
    /// A role was changed.
    RoleChanged => "role_changed",
    /// An account was suspended.
    UserSuspended => "user_suspended",
    /// A suspension was lifted.
    UserReactivated => "user_reactivated",
    /// An account was deleted (softly).
    UserDeleted => "user_deleted",
    /// A deleted account was restored.
    UserRestored => "user_restored",
    /// An account was erased, and everything about its owner with it.
    UserErased => "user_erased",
    /// Everything held on somebody was handed out.
    DataExported => "data_exported",
    /// Somebody agreed to a document.
    ConsentGiven => "consent_given",
    /// Somebody withdrew their consent to a document.
    ConsentWithdrawn => "consent_withdrawn",
    /// A backup was made.
    BackupMade => "backup_made",
    /// The store was restored from a backup.
    Restored => "restored",
    /// The first super admin was made.
    SetupCompleted => "setup_completed",
    /// The signing keys were rotated.
    KeysRotated => "keys_rotated",
    /// The root secret was sealed under another master key.
    MasterKeyReplaced => "master_key_replaced",
    /// Somebody registered with an address that has an account, and was not told so.
    RegistrationRefused => "registration_refused",
    /// An address was shown to be its user's.
    EmailVerified => "email_verified",
    /// A link that verifies an address was sent by an administrator.
    VerificationSent => "verification_sent",
    /// A link that resets a password was asked for.
    PasswordResetAsked => "password_reset_asked",
    /// A password was reset by a link.
    PasswordReset => "password_reset",
    /// A link that moves an account to another address was asked for.
    EmailChangeAsked => "email_change_asked",
    /// An account was moved to another address.
    EmailChanged => "email_changed",
    /// A sign-in was said to be somebody else's, and every session was ended.
    SignInDisowned => "sign_in_disowned",
    /// A job that was given up is tried again.
    JobRetried => "job_retried",
    /// A job was removed.
    JobRemoved => "job_removed",
    /// Somebody signed in tried what their role does not permit.
    AccessDenied => "access_denied" is Denied,
    /// The audit trail began; events from before were taken over into it.
    AuditStarted => "audit_started",
    /// The oldest events were forgotten because the time for which they are kept was over.
    AuditTrimmed => "audit_trimmed",
    /// The audit trail was exported by the operator.
    AuditExported => "audit_exported",
    /// Accounts were imported: one event for each transaction of an import, with its counts.
    UsersImported => "users_imported" is Success,
    /// All accounts were exported.
    UsersExported => "users_exported" is Success,
}

/// One security event. It is appended in the transaction of what it tells of, and never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityEvent {
    /// Its id, which sorts by time.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// Who did it; `None` for the system, the operator's command line, or somebody not signed in.
    pub actor: Option<UserId>,
    /// To whom.
    pub subject: Option<UserId>,
    /// In or to which session.
    pub session: Option<SessionId>,
    /// From where. It is kept encrypted, as are the next two, under a key of the actor or else of the subject.
    pub ip_address: Option<IpAddr>,
    /// With what, as the client tells it.
    pub user_agent: Option<String>,
    /// By which request.
    pub request_id: Option<String>,
    /// A word more, e.g. the reason a session ended or the new role. Never personal data or a secret: it outlives an
    /// erasure.
    pub detail: Option<String>,
}
