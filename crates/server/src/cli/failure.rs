//! Why a command did not do what it was asked.

use std::fmt;
use std::io;

use ntt_auth_core::flow::{
    CreateUserError, EraseUserError, Fault, ListAuditEventsError, ListUsersError, ManageJobsError,
    ManageUserError, ReadStatsError, ReadUserError,
};
use ntt_auth_core::model::{Email, FieldErrors, UserId};
use ntt_auth_core::port::BackupError;
use ntt_auth_core::store::StoreError;

use crate::backup::RestoreError;
use crate::settings::Problems;
use crate::start::StartError;
use crate::telemetry::Chain;

/// Why a command did not do what it was asked. What it shows is for the operator.
#[derive(Debug)]
pub(super) enum Failure {
    Configuration(Problems),
    Start(StartError),
    Fault(Fault),
    /// What was given is not acceptable; each mistake is a line.
    Invalid(FieldErrors),
    /// There is no user by that email address, user name or id.
    NoSuchUser(String),
    /// There is no such open session.
    NoSuchSession(String),
    /// The user is there, and what was asked for needs another, e.g. one that is not deleted.
    NotFound(String),
    /// What went wrong with one of several users.
    OfUser(UserId, Email, Box<Self>),
    /// The arguments do not go together.
    Usage(&'static str),
    /// The rules forbid it; the text says which.
    Refused(String),
    /// The password could not be asked for or read.
    Password(String),
    /// A file cannot be read or written, or is not what it is said to be.
    File(String),
    /// Rows of a file made no account.
    Rows(String),
    /// What was given is no such thing; the text says what it is to be.
    Unacceptable(String),
    /// A copy did not come to its end, or is not equal to what it was made from.
    Copy(String),
    /// The audit trail was tampered with; so many things are wrong.
    Tampered(u64),
    /// The server does not answer as it should.
    Unhealthy(String),
    Output(io::Error),
}

impl Failure {
    /// The status that the program exits with; docs/CLI.md lists them.
    pub(super) fn status(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::NoSuchUser(_) | Self::NoSuchSession(_) | Self::NotFound(_) => 3,
            Self::Refused(_) => 4,
            Self::Invalid(_) | Self::Rows(_) | Self::Unacceptable(_) => 5,
            Self::OfUser(_, _, failure) => failure.status(),
            Self::Configuration(_)
            | Self::Start(_)
            | Self::Fault(_)
            | Self::Password(_)
            | Self::File(_)
            | Self::Copy(_)
            | Self::Tampered(_)
            | Self::Unhealthy(_)
            | Self::Output(_) => 1,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(problems) => problems.fmt(f),
            Self::Start(error) => Chain(error).fmt(f),
            Self::Fault(fault) => Chain(fault).fmt(f),
            Self::Invalid(errors) => {
                f.write_str("what was given is not acceptable:")?;
                for error in errors.as_slice() {
                    write!(
                        f,
                        "\n  {}: {}",
                        error.field.trim_start_matches('/'),
                        error.message
                    )?;
                }
                Ok(())
            }
            Self::NoSuchUser(name) => {
                write!(
                    f,
                    "there is no user `{name}`; name one by email address, user name or id (`ntt-auth user list`)"
                )
            }
            Self::NoSuchSession(name) => {
                write!(
                    f,
                    "there is no open session `{name}`; `ntt-auth session list USER` shows them"
                )
            }
            Self::Tampered(1) => f.write_str("the audit trail does not hold: one thing is wrong"),
            Self::Tampered(count) => {
                write!(f, "the audit trail does not hold: {count} things are wrong")
            }
            Self::OfUser(user, email, failure) => {
                write!(f, "{user} {}: {failure}", email.as_str())
            }
            Self::Usage(why) => write!(f, "{why}; --help tells more"),
            Self::NotFound(why)
            | Self::Refused(why)
            | Self::File(why)
            | Self::Unacceptable(why)
            | Self::Copy(why)
            | Self::Rows(why)
            | Self::Password(why)
            | Self::Unhealthy(why) => f.write_str(why),
            Self::Output(error) => write!(f, "the answer cannot be written: {error}"),
        }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Configuration(problems)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::Start(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Start(error.into())
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<CreateUserError> for Failure {
    fn from(error: CreateUserError) -> Self {
        match error {
            CreateUserError::Invalid(errors) => Self::Invalid(errors),
            CreateUserError::Forbidden => Self::Refused(error.to_string()),
            CreateUserError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Fault(fault) => Self::Fault(fault),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Refused(why) => Self::Refused(why),
            RestoreError::Store(error) => error.into(),
            RestoreError::Start(error) => Self::Start(error),
            RestoreError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<EraseUserError> for Failure {
    fn from(error: EraseUserError) -> Self {
        match error {
            EraseUserError::Invalid(errors) => Self::Invalid(errors),
            EraseUserError::Fault(fault) => Self::Fault(fault),
            EraseUserError::NotFound => Self::NotFound(error.to_string()),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<ListUsersError> for Failure {
    fn from(error: ListUsersError) -> Self {
        match error {
            ListUsersError::Fault(fault) => Self::Fault(fault),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<ListAuditEventsError> for Failure {
    fn from(error: ListAuditEventsError) -> Self {
        match error {
            ListAuditEventsError::Fault(fault) => Self::Fault(fault),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<ManageJobsError> for Failure {
    fn from(error: ManageJobsError) -> Self {
        match error {
            ManageJobsError::Fault(fault) => Self::Fault(fault),
            ManageJobsError::NotFound => Self::NotFound(error.to_string()),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<ManageUserError> for Failure {
    fn from(error: ManageUserError) -> Self {
        match error {
            ManageUserError::Invalid(errors) => Self::Invalid(errors),
            ManageUserError::Fault(fault) => Self::Fault(fault),
            // Commands look the user up first, and there find deleted ones, too.
            ManageUserError::NotFound => Self::NotFound(
                "the account is deleted; `ntt-auth user restore` undoes that".to_owned(),
            ),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<ReadStatsError> for Failure {
    fn from(error: ReadStatsError) -> Self {
        match error {
            ReadStatsError::Fault(fault) => Self::Fault(fault),
            ReadStatsError::Forbidden => Self::Refused(error.to_string()),
        }
    }
}

impl From<ReadUserError> for Failure {
    fn from(error: ReadUserError) -> Self {
        match error {
            ReadUserError::Fault(fault) => Self::Fault(fault),
            ReadUserError::NotFound => Self::NotFound(error.to_string()),
            ReadUserError::Forbidden => Self::Refused(error.to_string()),
        }
    }
}
