//! How the refusals of the flows are told.

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use ntt_auth_core::flow::{
    AskForMailError, ChangeEmailError, ChangePasswordError, ConfirmEmailChangeError, ConsentError,
    CreateUserError, EndSessionError, EraseUserError, ExportUsersError, Fault, ImportUsersError,
    LinkError, ListAuditEventsError, ListUsersError, ManageJobsError, ManageUserError,
    ReadUserError, RefreshError, RegisterError, ResetPasswordError, SignInError,
};
use ntt_auth_core::model::{FieldErrors, Invalid};
use ntt_auth_core::password::HasherError;
use ntt_auth_core::store::StoreError;
use ntt_auth_core::token::TokenRefused;

use crate::problem::{Problem, ProblemCode};

/// After how many seconds a store that is away or contended may be asked again.
const STORE_RETRY: u64 = 2;

impl From<Fault> for Problem {
    /// Logs the fault with its causes, once, here at the boundary; the answer tells none of them.
    fn from(fault: Fault) -> Self {
        match &fault {
            Fault::Hasher(HasherError::Overloaded { retry_after_secs }) => {
                // Refusing early is what the pool is for, and is counted; a line for each would drown the log.
                tracing::debug!("a request was refused: the hashing pool is full");
                Self::new(ProblemCode::Overloaded, "Too many sign-ins are waiting.")
                    .retry_after(*retry_after_secs)
            }
            Fault::Store(StoreError::Unavailable(_) | StoreError::Contention)
            | Fault::Hasher(HasherError::Closed)
            | Fault::Breaches(_) => {
                tracing::error!(error = chain(&fault), "a request could not be answered");
                Self::new(ProblemCode::Unavailable, "Try again shortly.").retry_after(STORE_RETRY)
            }
            _ => {
                tracing::error!(error = chain(&fault), "a request failed");
                Self::new(
                    ProblemCode::Internal,
                    "The failure was logged under this request id.",
                )
            }
        }
    }
}

impl Problem {
    /// Too many wrong passwords; the same whether or not there is such an account.
    fn locked(retry_after: Duration) -> Self {
        let seconds = retry_after.as_millis().div_ceil(1000).max(1);
        Self::new(
            ProblemCode::RateLimited,
            "There were too many wrong passwords. Wait, or use a device in which you have signed in before.",
        )
        .retry_after(u64::try_from(seconds).unwrap_or(u64::MAX))
    }
}

/// An error with all its causes, in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        Self::invalid(errors)
    }
}

impl From<TokenRefused> for Problem {
    fn from(refused: TokenRefused) -> Self {
        match refused {
            TokenRefused::Expired => {
                Self::new(ProblemCode::TokenExpired, "Refresh it, or sign in again.")
            }
            TokenRefused::Invalid => Self::new(ProblemCode::TokenInvalid, "Sign in again."),
            TokenRefused::Revoked => {
                Self::new(ProblemCode::TokenRevoked, "Refresh it, or sign in again.")
            }
            // Not logged here: it would be a line for each request, and that the follower fails has been logged.
            TokenRefused::Stale => Self::new(
                ProblemCode::RevocationsStale,
                "The token may be good: try again shortly.",
            )
            .retry_after(STORE_RETRY),
        }
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Invalid(errors) => Self::invalid(errors),
            RegisterError::Fault(fault) => fault.into(),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Rejected => Self::new(
                ProblemCode::InvalidCredentials,
                "No account can be signed in to with these credentials.",
            ),
            SignInError::Locked { retry_after } => Self::locked(retry_after),
            SignInError::EmailNotVerified => Self::new(
                ProblemCode::EmailNotVerified,
                "Follow the link in the mail that was sent to the address, or ask for another one.",
            ),
            SignInError::Fault(fault) => fault.into(),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Invalid => Self::new(ProblemCode::RefreshTokenInvalid, "Sign in again."),
            RefreshError::Expired => Self::new(ProblemCode::RefreshTokenExpired, "Sign in again."),
            RefreshError::Reused => Self::new(
                ProblemCode::RefreshTokenReused,
                "The session was ended, because somebody else may hold the token. Sign in again.",
            ),
            RefreshError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ChangePasswordError> for Problem {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::Invalid(errors) => Self::invalid(errors),
            ChangePasswordError::Locked { retry_after } => Self::locked(retry_after),
            ChangePasswordError::Gone => TokenRefused::Revoked.into(),
            ChangePasswordError::Fault(fault) => fault.into(),
        }
    }
}

impl From<AskForMailError> for Problem {
    fn from(error: AskForMailError) -> Self {
        match error {
            AskForMailError::Invalid(errors) => Self::invalid(errors),
            AskForMailError::Fault(fault) => fault.into(),
        }
    }
}

/// A link that did nothing.
fn closed_link() -> Problem {
    let told = Invalid::new(
        "invalid_link",
        "This link was used, was replaced by a newer one, or has expired.",
    );
    Problem::invalid(FieldErrors::from(("/token", told)))
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Closed => closed_link(),
            LinkError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ResetPasswordError> for Problem {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::Closed => closed_link(),
            ResetPasswordError::Invalid(errors) => Self::invalid(errors),
            ResetPasswordError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ChangeEmailError> for Problem {
    fn from(error: ChangeEmailError) -> Self {
        match error {
            ChangeEmailError::Invalid(errors) => Self::invalid(errors),
            ChangeEmailError::Locked { retry_after } => Self::locked(retry_after),
            ChangeEmailError::TooSoon(seconds) => Self::new(
                ProblemCode::RateLimited,
                "A mail was sent a short while ago.",
            )
            .retry_after(seconds),
            ChangeEmailError::Gone => TokenRefused::Revoked.into(),
            ChangeEmailError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ConfirmEmailChangeError> for Problem {
    fn from(error: ConfirmEmailChangeError) -> Self {
        match error {
            ConfirmEmailChangeError::Closed => closed_link(),
            ConfirmEmailChangeError::Taken => {
                let told = Invalid::new("taken", "Another account has this address by now.");
                Self::invalid(FieldErrors::from(("/token", told)))
            }
            ConfirmEmailChangeError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ManageJobsError> for Problem {
    fn from(error: ManageJobsError) -> Self {
        match error {
            ManageJobsError::Forbidden => Self::forbidden(),
            ManageJobsError::NotFound => Self::not_found(),
            ManageJobsError::Conflict(state) => Self::new(ProblemCode::Conflict, state),
            ManageJobsError::Cursor(cause) => invalid_cursor(&cause),
            ManageJobsError::Fault(fault) => fault.into(),
        }
    }
}

impl From<EndSessionError> for Problem {
    fn from(error: EndSessionError) -> Self {
        match error {
            EndSessionError::NotFound => {
                Self::new(ProblemCode::NotFound, "You have no such open session.")
            }
            EndSessionError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ListUsersError> for Problem {
    fn from(error: ListUsersError) -> Self {
        match error {
            ListUsersError::Forbidden => Self::forbidden(),
            ListUsersError::Cursor(cause) => invalid_cursor(&cause),
            ListUsersError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ListAuditEventsError> for Problem {
    fn from(error: ListAuditEventsError) -> Self {
        match error {
            ListAuditEventsError::Forbidden => Self::forbidden(),
            ListAuditEventsError::Cursor(cause) => Self::invalid(FieldErrors::from((
                "/cursor",
                Invalid::with("invalid_cursor", sentence(&cause)),
            ))),
            ListAuditEventsError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ReadUserError> for Problem {
    fn from(error: ReadUserError) -> Self {
        match error {
            ReadUserError::NotFound => Self::not_found(),
            ReadUserError::Forbidden => Self::forbidden(),
            ReadUserError::Fault(fault) => fault.into(),
        }
    }
}

impl From<CreateUserError> for Problem {
    fn from(error: CreateUserError) -> Self {
        match error {
            CreateUserError::Invalid(errors) => Self::invalid(errors),
            CreateUserError::Forbidden => Self::forbidden(),
            CreateUserError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ImportUsersError> for Problem {
    fn from(error: ImportUsersError) -> Self {
        match error {
            ImportUsersError::Forbidden => Self::forbidden(),
            ImportUsersError::Fault(fault) => fault.into(),
            ImportUsersError::OtherFormat(_) | ImportUsersError::Overtaken => {
                Self::new(ProblemCode::Conflict, sentence(&error))
            }
        }
    }
}

impl From<ExportUsersError> for Problem {
    fn from(error: ExportUsersError) -> Self {
        match error {
            ExportUsersError::Forbidden => Self::forbidden(),
            ExportUsersError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ManageUserError> for Problem {
    fn from(error: ManageUserError) -> Self {
        match error {
            ManageUserError::NotFound => Self::not_found(),
            ManageUserError::Forbidden => Self::forbidden(),
            ManageUserError::Invalid(errors) => Self::invalid(errors),
            ManageUserError::Conflict(state) => Self::new(ProblemCode::Conflict, state),
            ManageUserError::LastSuperAdmin => Self::new(
                ProblemCode::LastSuperAdmin,
                "Give somebody else the role first.",
            ),
            ManageUserError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ConsentError> for Problem {
    fn from(error: ConsentError) -> Self {
        match error {
            ConsentError::Invalid(errors) => Self::invalid(errors),
            ConsentError::NotFound => Self::new(
                ProblemCode::NotFound,
                "You have no standing consent to this document.",
            ),
            ConsentError::Gone => TokenRefused::Revoked.into(),
            ConsentError::Fault(fault) => fault.into(),
        }
    }
}

impl From<EraseUserError> for Problem {
    fn from(error: EraseUserError) -> Self {
        match error {
            EraseUserError::NotFound => Self::not_found(),
            EraseUserError::Forbidden => Self::forbidden(),
            EraseUserError::Invalid(errors) => Self::invalid(errors),
            EraseUserError::Locked { retry_after } => Self::locked(retry_after),
            EraseUserError::LastSuperAdmin => Self::new(
                ProblemCode::LastSuperAdmin,
                "Give somebody else the role first.",
            ),
            EraseUserError::Fault(fault) => fault.into(),
        }
    }
}

fn invalid_cursor(cause: &dyn Error) -> Problem {
    let told = Invalid::with("invalid_cursor", sentence(cause));
    Problem::invalid(FieldErrors::from(("/cursor", told)))
}

/// An error's text as a sentence.
fn sentence(error: &dyn Error) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => text,
    }
}
