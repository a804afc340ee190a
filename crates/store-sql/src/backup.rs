//! Copies of a whole database (OPS-7).

use std::path::{Path, PathBuf};

use ntt_auth_core::store::StoreError;
use tokio::task::spawn_blocking;

use crate::engine::Error;
use crate::engine::sqlite::backup::{self, Claim, Contents};
use crate::{SqlStore, migrate};

impl SqlStore {
    /// Copies the database, as it stands at one moment, into a new file that its owner alone may read, while others read
    /// and write it. `progress` is told how many pages are done, of how many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] says what is wrong, and that engines other than SQLite have tools of their own.
    pub async fn back_up(
        &self,
        to: &Path,
        progress: impl Fn(u64, u64) + Send + 'static,
    ) -> Result<(), StoreError> {
        let Some(from) = self.engine.file().map(Path::to_owned) else {
            return Err(StoreError::unavailable(
                "only a SQLite file can be copied: a database in memory is forgotten with the process, and a server has tools of its own",
            ));
        };
        let to = to.to_owned();
        on_a_thread(move || backup::copy(&from, &to, &progress)).await
    }
}

/// Checks a database file that nobody writes, from end to end, and that this program knows its form.
///
/// # Errors
/// [`StoreError::Unavailable`] says what is wrong with it.
pub async fn inspect(path: &Path) -> Result<Contents, StoreError> {
    let path = path.to_owned();
    let contents = on_a_thread(move || backup::inspect(&path)).await?;
    migrate::known(&contents.taken)?;
    Ok(contents)
}

/// Claims a database file for whoever is to put another in its place, and has everything in that one file. Nobody can
/// open it until the claim is dropped.
///
/// # Errors
/// [`StoreError::Unavailable`] if somebody uses it.
pub async fn claim(path: &Path) -> Result<Claim, StoreError> {
    let path: PathBuf = path.to_owned();
    on_a_thread(move || {
        let claim = Claim::sole(&path)?;
        if path.exists() {
            backup::settle(&path);
        }
        Ok(claim)
    })
    .await
}

async fn on_a_thread<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, StoreError> {
    match spawn_blocking(act).await {
        Ok(outcome) => Ok(outcome?),
        Err(error) => Err(StoreError::driver(error)),
    }
}
