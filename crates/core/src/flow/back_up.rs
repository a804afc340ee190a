//! Backing up, and what follows a restore (OPS-7).

use async_trait::async_trait;

use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::{Actor, Auth, Fault};
use crate::model::{Client, EventKind, SecurityEvent, Timestamp};
use crate::policy::Action;
use crate::port::{BackupError, BackupMade, Backups};
use crate::store::{Invalidated, StoreError, Tx, Work};

/// Makes a backup where the installation keeps them: never where the caller says.
#[derive(Debug)]
pub struct BackUp {
    /// Who asks.
    pub actor: Actor,
    /// From where.
    pub client: Client,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackUpError {
    /// The actor may not operate the installation.
    #[error("this role may not make backups")]
    Forbidden,
    /// It cannot be made.
    #[error(transparent)]
    Backup(#[from] BackupError),
}

impl BackUp {
    /// Makes it, checks it, and notes that it was made.
    pub async fn run(self, auth: &Auth, backups: &dyn Backups) -> Result<BackupMade, BackUpError> {
        if !Action::OperateSystem.reach(self.actor.role()).is_some() {
            return Err(BackUpError::Forbidden);
        }
        let made = backups.make().await?;
        note_backup(auth, &made, Some(self.actor), &self.client)
            .await
            .map_err(BackupError::Fault)?;
        Ok(made)
    }
}

/// Notes that a backup was made, a copy of everybody's data: by somebody, or, without an actor, by the installation itself on schedule.
pub async fn note_backup(
    auth: &Auth,
    made: &BackupMade,
    by: Option<Actor>,
    client: &Client,
) -> Result<(), Fault> {
    let told = event(auth, EventKind::BackupMade, made.at, None, client);
    let told = match by {
        Some(actor) => told.by_actor(actor).detail(made.name.clone()),
        None => told.detail(format!("scheduled, {}", made.name)),
    };
    Ok(auth.commit(Note(told)).await?)
}

struct Note(SecurityEvent);

#[async_trait]
impl Work for Note {
    type Output = Committed<()>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        tx.events().append(&self.0).await?;
        Ok(Committed::plain(()))
    }
}

/// Makes invalid, before anybody uses a store that was restored from a backup, what it believes to be good and what may
/// have been revoked, used or sent since: sessions, the keys that signed tokens, codes, mails that wait.
///
/// Without that, whoever had signed out would be signed in again, and whoever stayed signed in would look like a thief: their
/// refresh token is newer than the store knows.
pub async fn invalidate_restored(auth: &Auth, at: Timestamp) -> Result<Invalidated, Fault> {
    let told =
        event(auth, EventKind::Restored, at, None, &Client::default()).by_actor(Actor::Operator);
    Ok(auth.commit(Invalidate { at, event: told }).await?)
}

struct Invalidate {
    at: Timestamp,
    event: SecurityEvent,
}

#[async_trait]
impl Work for Invalidate {
    type Output = Committed<Invalidated>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let invalidated = tx.restores().invalidate(self.at).await?;
        tx.events().append(&self.event).await?;
        Ok(Committed::plain(invalidated))
    }
}
