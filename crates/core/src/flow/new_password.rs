//! Hashing a password that somebody chose.

use crate::flow::fault::faults;
use crate::flow::{Auth, ChangePasswordError, CreateUserError, Fault, RegisterError, SetUpError};
use crate::model::{FieldErrors, Invalid};
use crate::password::{LeakDigest, Plain};
use crate::secret::PasswordHash;

/// Why a new password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum NewPasswordError {
    /// It was stolen elsewhere.
    #[error("the password is not acceptable")]
    Invalid(FieldErrors),
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(NewPasswordError);

/// Hashes a new password that the policy accepts, unless it was stolen elsewhere: whoever guesses tries those first.
pub async fn hash_new(
    auth: &Auth,
    field: &'static str,
    password: Plain,
) -> Result<PasswordHash, NewPasswordError> {
    refuse_stolen(auth, field, &password).await?;
    Ok(auth.hasher.hash(password).await?)
}

/// Refuses a password that was stolen elsewhere.
pub(crate) async fn refuse_stolen(
    auth: &Auth,
    field: &'static str,
    password: &Plain,
) -> Result<(), NewPasswordError> {
    if auth.breaches.know(&LeakDigest::of(password)).await? {
        let invalid = Invalid::new(
            "breached",
            "This password is among those that were stolen elsewhere, and that are tried first.",
        );
        return Err(NewPasswordError::Invalid((field, invalid).into()));
    }
    Ok(())
}

macro_rules! refused_by {
    ($($error:ident),*) => {
        $(impl From<NewPasswordError> for $error {
            fn from(error: NewPasswordError) -> Self {
                match error {
                    NewPasswordError::Invalid(errors) => Self::Invalid(errors),
                    NewPasswordError::Fault(fault) => Self::Fault(fault),
                }
            }
        })*
    };
}
refused_by!(
    ChangePasswordError,
    CreateUserError,
    RegisterError,
    SetUpError
);
