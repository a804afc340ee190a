//! Links that were sent and hold no more, because what they were sent for is over.

use crate::model::{CodeKind, UserId};
use crate::store::{StoreError, Tx};

/// Voids what was sent before an account got another password. Whoever knew the old one may have asked to move the account
/// to an address of theirs, or have read the mail by which one is chosen.
pub(crate) async fn void_with_password(tx: &mut dyn Tx, user: UserId) -> Result<(), StoreError> {
    for kind in [CodeKind::ConfirmEmail, CodeKind::ResetPassword] {
        tx.codes().void(user, kind).await?;
    }
    Ok(())
}

/// Voids what was sent before an account got another password with which every session ended: there is none left that its
/// owner could disown.
pub(crate) async fn void_with_password_and_sessions(
    tx: &mut dyn Tx,
    user: UserId,
) -> Result<(), StoreError> {
    void_with_password(tx, user).await?;
    tx.codes().void(user, CodeKind::NotMe).await.map(drop)
}

/// Voids what was asked for in sessions that somebody else than their user has ended. A link by which a password is chosen
/// stays: it was sent to the owner of the address, who will need it.
pub(crate) async fn void_with_sessions(tx: &mut dyn Tx, user: UserId) -> Result<(), StoreError> {
    tx.codes()
        .void(user, CodeKind::ConfirmEmail)
        .await
        .map(drop)
}
