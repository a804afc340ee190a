//! The log of erasures in the data folder: what a restored backup of the database does not know.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use ntt_auth_core::port::{ErasureLog, ErasureLogError};
use tokio::task::spawn_blocking;

/// Its name in the data folder.
const NAME: &str = "erasures.log";

/// A file to which a line is added for each erasure.
#[derive(Debug, Clone)]
pub struct ErasureFile {
    path: Arc<Path>,
}

impl ErasureFile {
    /// The log of a data folder; it is made with the first line.
    pub fn of(folder: &Path) -> Self {
        Self {
            path: folder.join(NAME).into(),
        }
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ErasureLogError> {
        let path = Arc::clone(&self.path);
        let done = spawn_blocking(move || {
            act(&path).map_err(|cause| format!("{} ({cause})", path.display()))
        });
        match done.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(why)) => Err(ErasureLogError(why.into())),
            Err(error) => Err(ErasureLogError(error.to_string().into())),
        }
    }
}

#[async_trait]
impl ErasureLog for ErasureFile {
    async fn lines(&self) -> Result<Vec<String>, ErasureLogError> {
        self.on_disk(read).await
    }

    async fn append(&self, lines: Vec<String>) -> Result<(), ErasureLogError> {
        self.on_disk(move |path| append(path, &lines)).await
    }

    async fn replace(&self, lines: Vec<String>) -> Result<(), ErasureLogError> {
        self.on_disk(move |path| replace(path, &lines)).await
    }
}

fn read(path: &Path) -> io::Result<Vec<String>> {
    match fs::read(path) {
        // A line that a crash cut off need not be UTF-8 to be told from a whole one.
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes)
            .lines()
            .map(str::to_owned)
            .collect()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn append(path: &Path, lines: &[String]) -> io::Result<()> {
    let is_new = !path.exists();
    let mut file = private().append(true).create(true).open(path)?;
    // One write, so that lines of two processes do not mix, and an end before it, in case a crash left half a line.
    let cut_off = ends_within_a_line(path)?;
    let mut text = String::from(if cut_off { "\n" } else { "" });
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    if is_new { sync_folder(path) } else { Ok(()) }
}

fn ends_within_a_line(path: &Path) -> io::Result<bool> {
    use std::io::{Read as _, Seek as _, SeekFrom};

    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

fn replace(path: &Path, lines: &[String]) -> io::Result<()> {
    let aside = PathBuf::from(format!("{}.new", path.display()));
    let mut file = private()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&aside)?;
    for line in lines {
        writeln!(file, "{line}")?;
    }
    file.sync_all()?;
    fs::rename(&aside, path)?;
    sync_folder(path)
}

/// Files that their owner alone may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_kept_even_after_half_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let log = ErasureFile::of(folder.path());
        assert_eq!(log.lines().await.unwrap(), Vec::<String>::new());
        log.append(vec!["a".into(), "b".into()]).await.unwrap();
        fs::write(folder.path().join(NAME), "a\nb\nhal").unwrap();
        log.append(vec!["c".into()]).await.unwrap();
        assert_eq!(log.lines().await.unwrap(), ["a", "b", "hal", "c"]);
        log.replace(vec!["c".into()]).await.unwrap();
        assert_eq!(log.lines().await.unwrap(), ["c"]);
        let names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, [NAME]);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn it_is_its_owners_alone_and_says_where_it_fails() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let log = ErasureFile::of(folder.path());
        log.append(vec!["a".into()]).await.unwrap();
        let mode = fs::metadata(folder.path().join(NAME))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let nowhere = ErasureFile::of(&folder.path().join("missing"));
        let error = nowhere.append(vec!["a".into()]).await.unwrap_err();
        assert!(
            error.to_string().contains("missing/erasures.log"),
            "{error}"
        );
    }
}
