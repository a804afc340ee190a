//! Making backups: into a file that an operator names, or into the configured folder, where as many are kept as is set.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ntt_auth_core::flow::Fault;
use ntt_auth_core::model::Timestamp;
use ntt_auth_core::port::{BackupError, BackupMade, Backups, Clock};
use ntt_auth_core::secret::{MasterKeys, RootSecret};
use ntt_auth_core::store::StoreError;
use ntt_auth_store_sql::{Contents, SqlStore, inspect};
use tokio::sync::Mutex;

use super::Manifest;

/// What the backups of a folder are called: `ntt-auth-20260102T030405Z.db`.
const PREFIX: &str = "ntt-auth-";
const SUFFIX: &str = ".db";

/// Why an engine other than SQLite is not backed up from here.
pub const BY_THEIR_OWN_TOOLS: &str = "Only SQLite is backed up by ntt-auth itself. Use `mariadb-dump --single-transaction`, `pg_dump -Fc`, \
     `mongodump --oplog` or the snapshots of whoever hosts the database; `ntt-auth copy --to sqlite:FILE` makes a copy that needs no server.";

/// From what the codes of manifests are made.
pub enum Codes {
    /// The root secret of an installation that is open.
    Root(RootSecret),
    /// That which lies sealed in the backup itself. In one of a database from before there were root secrets, it is the master key.
    Sealed(MasterKeys),
}

impl Codes {
    fn root(&self, contents: &Contents) -> Result<RootSecret, StoreError> {
        match (self, &contents.root) {
            (Self::Root(root), _) => Ok(root.clone()),
            (Self::Sealed(keys), Some(sealed)) => {
                keys.open(sealed).map(|(root, _)| root).map_err(|_| {
                    StoreError::unavailable("the database was made under another master key")
                })
            }
            (Self::Sealed(keys), None) => {
                Ok(keys.previous.as_ref().unwrap_or(&keys.current).as_root())
            }
        }
    }
}

/// Makes one backup at `to` with its manifest, checks it, and tells of it. What is there already is not overwritten.
///
/// # Errors
/// A sentence for the operator.
pub async fn back_up(
    store: &SqlStore,
    codes: &Codes,
    to: &Path,
    at: Timestamp,
    progress: impl Fn(u64, u64) + Send + 'static,
) -> Result<BackupMade, BackupError> {
    let manifest = Manifest::beside(to);
    for path in [to, &manifest] {
        if path.exists() {
            let why = format!(
                "{} is there already: a backup never overwrites anything",
                path.display()
            );
            return Err(BackupError::NotPossible(why.into()));
        }
    }
    // Under its name a backup is whole, or not there.
    let part = PathBuf::from(format!("{}.part", to.display()));
    let _ = fs::remove_file(&part);
    let made = make(store, codes, &part, at, progress).await;
    let written = match made {
        Ok(made) => write_manifest(&manifest, &made)
            .and_then(|()| fs::rename(&part, to))
            .and_then(|()| sync_folder(to))
            .map(|()| made)
            .map_err(|error| cannot_write(to, &error)),
        Err(error) => Err(error),
    };
    let written = written
        .inspect_err(|_| {
            let _ = fs::remove_file(&part);
            let _ = fs::remove_file(&manifest);
        })
        .map_err(Fault::from)?;
    let name = to.file_name().unwrap_or(to.as_os_str());
    Ok(BackupMade {
        name: name.to_string_lossy().into_owned(),
        at,
        size: written.size,
        users: written.rows.get("users").copied().unwrap_or(0),
        sha256: written.sha256,
    })
}

async fn make(
    store: &SqlStore,
    codes: &Codes,
    part: &Path,
    at: Timestamp,
    progress: impl Fn(u64, u64) + Send + 'static,
) -> Result<Manifest, StoreError> {
    store.back_up(part, progress).await?;
    let contents = inspect(part).await?;
    let root = codes.root(&contents)?;
    Manifest::of(part, &contents, at, &root).map_err(|error| cannot_write(part, &error))
}

fn write_manifest(path: &Path, manifest: &Manifest) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(&serde_json::to_vec_pretty(manifest).map_err(io::Error::other)?)?;
    file.write_all(b"\n")?;
    file.sync_all()
}

pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> StoreError {
    StoreError::unavailable(format_args!(
        "{} cannot be written ({error}): check the disk, and that the user of this process may write there",
        path.display()
    ))
}

/// The folder of backups that is configured.
pub struct BackupFolder {
    store: Option<Arc<SqlStore>>,
    codes: Codes,
    clock: Arc<dyn Clock>,
    folder: Option<PathBuf>,
    keep: usize,
    every: Option<Duration>,
    busy: Mutex<()>,
}

impl BackupFolder {
    /// Makes backups of `store` as `settings` say; there is none where the engine has tools of its own for that.
    pub fn new(
        store: Option<Arc<SqlStore>>,
        codes: Codes,
        clock: Arc<dyn Clock>,
        settings: &crate::settings::Backup,
    ) -> Self {
        Self {
            store,
            codes,
            clock,
            folder: settings.directory.clone(),
            keep: settings.keep,
            every: settings.every,
            busy: Mutex::default(),
        }
    }

    /// Whether backups are made by themselves.
    pub fn is_scheduled(&self) -> bool {
        self.every.is_some()
    }

    /// Makes a backup, and gives it, if the newest one is as old as `backup.every` says, and there is such a setting.
    ///
    /// # Errors
    /// If it could not be made; that another is being made is none.
    pub async fn make_if_due(&self) -> Result<Option<BackupMade>, Fault> {
        let (Some(every), Some(folder)) = (self.every, &self.folder) else {
            return Ok(None);
        };
        let due = match newest(folder) {
            // What lies in the future was made by another clock.
            Some(newest) => {
                let now = self.clock.now();
                newest > now || now.since(newest) >= every
            }
            None => true,
        };
        if !due {
            return Ok(None);
        }
        match self.make().await {
            Ok(made) => Ok(Some(made)),
            Err(BackupError::Busy) => Ok(None),
            Err(BackupError::NotPossible(why)) => Err(StoreError::Unavailable(why).into()),
            Err(BackupError::Fault(fault)) => Err(fault),
        }
    }
}

#[async_trait]
impl Backups for BackupFolder {
    async fn make(&self) -> Result<BackupMade, BackupError> {
        let Some(folder) = &self.folder else {
            return Err(BackupError::NotPossible(
                "No folder is configured: set backup.directory.".into(),
            ));
        };
        let Some(store) = &self.store else {
            return Err(BackupError::NotPossible(BY_THEIR_OWN_TOOLS.into()));
        };
        let _busy = self.busy.try_lock().map_err(|_| BackupError::Busy)?;
        let at = self.clock.now();
        make_private_folder(folder).map_err(|error| Fault::from(cannot_write(folder, &error)))?;
        let name = format!("{PREFIX}{}{SUFFIX}", compact(at));
        let to = folder.join(&name);
        let made = back_up(store, &self.codes, &to, at, |_, _| {}).await?;
        forget_old(folder, self.keep);
        tracing::info!(target: "backup", name, size = made.size, "a backup was made");
        Ok(made)
    }
}

/// `20260102T030405Z`, which sorts by time.
fn compact(at: Timestamp) -> String {
    let text = Timestamp::from_millis(at.seconds().saturating_mul(1000)).to_string();
    text.replace(['-', ':'], "").replace(".000", "")
}

/// When the backup of this name was made.
fn made_at(name: &str) -> Option<Timestamp> {
    let text = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    if date.len() != 8 || time.len() != 6 || !text.is_ascii() {
        return None;
    }
    let part = |text: &str, from: usize, to: usize| text.get(from..to).map(str::to_owned);
    Timestamp::parse(&format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(date, 0, 4)?,
        part(date, 4, 6)?,
        part(date, 6, 8)?,
        part(time, 0, 2)?,
        part(time, 2, 4)?,
        part(time, 4, 6)?
    ))
}

/// The backups of a folder, newest first.
fn backups(folder: &Path) -> Vec<(Timestamp, PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            let at = made_at(entry.file_name().to_str()?)?;
            Some((at, entry.path()))
        })
        .collect();
    found.sort();
    found.reverse();
    found
}

/// When the newest backup of a folder was made.
pub(crate) fn newest(folder: &Path) -> Option<Timestamp> {
    backups(folder).first().map(|(at, _)| *at)
}

/// Removes all backups of a folder but the newest `keep`. A file of any other name is left alone.
fn forget_old(folder: &Path, keep: usize) {
    for (_, path) in backups(folder).into_iter().skip(keep) {
        for old in [Manifest::beside(&path), path] {
            if let Err(error) = fs::remove_file(&old)
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::error!(target: "backup", %error, path = %old.display(), "an old backup cannot be removed");
            }
        }
    }
}

fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_time_and_sort_by_it() {
        let at = Timestamp::parse("2026-01-02T03:04:05.678Z").unwrap();
        let name = format!("{PREFIX}{}{SUFFIX}", compact(at));
        assert_eq!(name, "ntt-auth-20260102T030405Z.db");
        assert_eq!(made_at(&name), Timestamp::parse("2026-01-02T03:04:05Z"));
        for other in [
            "ntt-auth.db",
            "ntt-auth-x.db",
            "ntt-auth-20260102T030405Z.db.json",
        ] {
            assert_eq!(made_at(other), None, "{other}");
        }
    }

    #[test]
    fn only_old_backups_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "ntt-auth-20260101T000000Z.db",
            "ntt-auth-20260102T000000Z.db",
            "ntt-auth-20260103T000000Z.db",
        ];
        for name in names {
            fs::write(folder.path().join(name), "x").unwrap();
            fs::write(folder.path().join(format!("{name}.json")), "x").unwrap();
        }
        fs::write(folder.path().join("mine.db"), "x").unwrap();
        forget_old(folder.path(), 1);
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(
            left,
            [
                "mine.db",
                "ntt-auth-20260103T000000Z.db",
                "ntt-auth-20260103T000000Z.db.json"
            ]
        );
    }
}
