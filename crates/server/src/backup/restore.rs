//! Restoring: a verified copy is made ready beside the database, and then takes its place in one step.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use ntt_auth_core::flow::{Fault, Reconciled, invalidate_restored, reconcile_erasures};
use ntt_auth_core::model::Timestamp;
use ntt_auth_core::store::{Invalidated, StoreError};
use ntt_auth_store_sql::{claim, inspect};

use super::Manifest;
use super::make::sync_folder;
use crate::settings::{Database, Settings};
use crate::start::{Installation, StartError, existing_master_keys};

/// Why nothing was restored. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// A sentence for the operator.
    #[error("{0}")]
    Refused(String),
    /// The store.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The installation cannot be opened over the restored database.
    #[error("{0}")]
    Start(#[from] StartError),
    /// What follows a restore failed.
    #[error("{0}")]
    Fault(#[from] Fault),
}

/// What was restored, and what came of it.
#[derive(Debug)]
pub struct Restored {
    /// What the backup tells of itself.
    pub manifest: Manifest,
    /// What was made invalid.
    pub invalidated: Invalidated,
    /// Whom it had to forget again.
    pub reconciled: Reconciled,
    /// Where the database that was there before is kept, if there was one.
    pub replaced: Option<PathBuf>,
}

/// Puts the backup at `from` in the place of the configured database. One that is there is replaced only if `force` says so,
/// and kept beside it.
///
/// # Errors
/// Whatever fails, fails before anything is replaced.
pub async fn restore(
    settings: &Settings,
    from: &Path,
    force: bool,
    now: Timestamp,
) -> Result<Restored, RestoreError> {
    let Database::File(target) = &settings.database else {
        return Err(RestoreError::Refused(
            "there is no file to restore to: set database.url to sqlite:PATH".to_owned(),
        ));
    };
    let keys = existing_master_keys(settings)?.ok_or_else(|| {
        RestoreError::Refused(
            "there is no master key: a backup is of no use without that of its installation. Put master.key into the data \
             folder, or name it in keys.master_key_file"
                .to_owned(),
        )
    })?;
    let manifest = Manifest::verified(from, &keys).map_err(RestoreError::Refused)?;
    if target.exists() && !force {
        return Err(RestoreError::Refused(format!(
            "{} is there already; --force replaces it, and keeps it beside the restored one",
            target.display()
        )));
    }
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    }
    let _claim = claim(target).await.map_err(|error| match error {
        // The store answers well: it is in use, and that is no fault.
        StoreError::Unavailable(why) => RestoreError::Refused(why.into()),
        other => other.into(),
    })?;
    let ready = named(target, "restoring");
    let outcome = make_ready(settings, from, &ready, &manifest, now).await;
    let swapped = match outcome {
        Ok(done) => swap(target, &ready, now)
            .map(|replaced| (done, replaced))
            .map_err(|error| cannot(target, &error)),
        Err(error) => Err(error),
    };
    // Nobody opens it under that name again.
    let _ = fs::remove_file(named_beside(&ready, ".lock"));
    match swapped {
        Ok(((invalidated, reconciled), replaced)) => Ok(Restored {
            manifest,
            invalidated,
            reconciled,
            replaced,
        }),
        Err(error) => {
            remove(&ready);
            Err(error)
        }
    }
}

/// Copies the backup, holds the copy against the manifest, and does in it what has to be done before anybody uses it.
async fn make_ready(
    settings: &Settings,
    from: &Path,
    ready: &Path,
    manifest: &Manifest,
    now: Timestamp,
) -> Result<(Invalidated, Reconciled), RestoreError> {
    remove(ready);
    copy(from, ready).map_err(|error| cannot(ready, &error))?;
    // Whoever may write where the backup lies could have changed it since it was verified; where the copy lies, nobody else may.
    manifest
        .describes(ready, from)
        .map_err(RestoreError::Refused)?;
    let contents = inspect(ready).await?;
    if contents.rows != manifest.rows || contents.schema() != manifest.schema {
        return Err(RestoreError::Refused(format!(
            "{} does not hold what its manifest tells of",
            from.display()
        )));
    }
    let there = Settings {
        database: Database::File(ready.to_owned()),
        ..settings.clone()
    };
    let installation = Installation::open(&there, settings.http.listen).await?;
    let auth = &installation.auth;
    let invalidated = invalidate_restored(auth, now).await?;
    let reconciled = reconcile_erasures(auth).await?;
    installation.close().await;
    // Closing it wrote its log back; what is not there now would be missed later.
    if named_beside(ready, "-wal").exists() {
        return Err(RestoreError::Refused(format!(
            "{} could not be closed; try again",
            ready.display()
        )));
    }
    Ok((invalidated, reconciled))
}

/// Lets `ready` take the place of `target` in one step; what was there gets another name.
fn swap(target: &Path, ready: &Path, now: Timestamp) -> io::Result<Option<PathBuf>> {
    File::open(ready)?.sync_all()?;
    let replaced = named(target, &format!("replaced-{}", now.millis()));
    let was_there = target.exists();
    if was_there {
        // A log that could not be written back belongs to the old database, never to the new one.
        for end in ["-wal", "-shm"] {
            let beside = named_beside(target, end);
            if beside.exists() {
                fs::rename(&beside, named_beside(&replaced, end))?;
            }
        }
        fs::hard_link(target, &replaced)?;
    }
    fs::rename(ready, target)?;
    sync_folder(target)?;
    Ok(was_there.then_some(replaced))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut target = options.open(to)?;
    io::copy(&mut File::open(from)?, &mut target)?;
    target.sync_all()
}

fn remove(ready: &Path) {
    for end in ["", "-wal", "-shm", "-journal", ".lock"] {
        // What is not there need not be removed.
        let _ = fs::remove_file(named_beside(ready, end));
    }
}

fn named(target: &Path, what: &str) -> PathBuf {
    PathBuf::from(format!("{}.{what}", target.display()))
}

fn named_beside(path: &Path, end: &str) -> PathBuf {
    PathBuf::from(format!("{}{end}", path.display()))
}

fn cannot(path: &Path, error: &io::Error) -> RestoreError {
    RestoreError::Refused(format!(
        "{}: {error}; check the disk, and that this user may write there",
        path.display()
    ))
}
