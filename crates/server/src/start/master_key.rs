//! The master key that a server makes for itself and keeps in its data folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use ntt_auth_core::port::{Entropy, random};
use ntt_auth_core::secret::MasterKey;
use zeroize::Zeroizing;

use super::StartError;
use crate::settings::{decode_key, encode_key};

/// Its name in the data folder.
const NAME: &str = "master.key";

/// Reads the key of `folder`, or makes one. Of several processes that start at once, all get the same.
pub(super) fn load_or_create(
    folder: &Path,
    entropy: &dyn Entropy,
) -> Result<MasterKey, StartError> {
    let path = folder.join(NAME);
    if let Some(key) = load(&path)? {
        return Ok(key);
    }
    let suffix = u64::from_le_bytes(random(entropy));
    match create(folder, &path, suffix, &MasterKey::generate(entropy)) {
        // Another process was first, or this one: what lies there counts.
        Ok(()) => load(&path)?.ok_or(StartError::MasterKeyBroken(path)),
        Err(cause) => Err(StartError::MasterKeyWrite { path, cause }),
    }
}

/// Reads the key of `folder`, if there is one.
pub(super) fn load_from(folder: &Path) -> Result<Option<MasterKey>, StartError> {
    load(&folder.join(NAME))
}

fn load(path: &Path) -> Result<Option<MasterKey>, StartError> {
    let unreadable = |cause| StartError::MasterKeyRead {
        path: path.to_owned(),
        cause,
    };
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if is_open_to_others(path).map_err(unreadable)? {
        return Err(StartError::MasterKeyOpen {
            path: path.to_owned(),
        });
    }
    decode_key(text.trim())
        .map(Some)
        .ok_or_else(|| StartError::MasterKeyBroken(path.to_owned()))
}

/// Writes the key aside, to the disk, and only then gives it its name: a crash leaves a whole key or none.
fn create(folder: &Path, path: &Path, suffix: u64, key: &MasterKey) -> io::Result<()> {
    let aside = Aside(folder.join(format!("{NAME}.{suffix:016x}")));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&aside.0)?;
    file.write_all(encode_key(key).as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    match fs::hard_link(&aside.0, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    File::open(folder)?.sync_all()
}

/// A file that is gone at the end, whatever happens.
struct Aside(PathBuf);

impl Drop for Aside {
    fn drop(&mut self) {
        // It may not have been made.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_path: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SystemEntropy;

    #[test]
    fn makes_a_key_once_and_keeps_it_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let entropy = SystemEntropy::default();
        let first = load_or_create(folder.path(), &entropy).unwrap();
        let again = load_or_create(folder.path(), &entropy).unwrap();
        assert_eq!(first.expose(), again.expose());
        let names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, [NAME]);
        assert!(!is_open_to_others(&folder.path().join(NAME)).unwrap());
    }

    #[test]
    fn of_many_that_start_at_once_all_get_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope
                        .spawn(|| load_or_create(folder.path(), &SystemEntropy::default()).unwrap())
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| *thread.join().unwrap().expose())
                .collect()
        });
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[cfg(unix)]
    #[test]
    fn refuses_what_is_no_key_or_may_be_read_by_others() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let entropy = SystemEntropy::default();
        let path = folder.path().join(NAME);
        load_or_create(folder.path(), &entropy).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = load_or_create(folder.path(), &entropy)
            .unwrap_err()
            .to_string();
        assert!(error.contains("chmod 600"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "short").unwrap();
        let error = load_or_create(folder.path(), &entropy)
            .unwrap_err()
            .to_string();
        assert!(error.contains("does not hold a master key"), "{error}");
    }
}
