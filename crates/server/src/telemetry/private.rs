//! Files of the log are their owner's alone: lines name addresses of clients.

use std::fs::{self, DirEntry, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::fs::Mode;
use rustix::process::umask;

use super::{PREFIX, SUFFIX};

/// Has whatever this process creates from now on be its owner's alone, whatever umask it was started with. The appender opens
/// the file of each new day by itself and takes no mode.
pub(super) fn create_for_owner_alone() {
    umask(Mode::RWXG | Mode::RWXO);
}

/// Takes from everybody else the files that were there before, and tells of it.
pub(super) fn shut(folder: &Path) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let folder = folder.display();
            tracing::warn!(target: "log", %folder, %error, "whether others can read files of the log is not known");
            return;
        }
    };
    for entry in entries.flatten().filter(is_ours) {
        let path = entry.path();
        let path = path.display();
        match narrow(&entry) {
            Ok(None) => {}
            Ok(Some(mode)) => {
                let mode = format!("{mode:03o}");
                tracing::warn!(target: "log", %path, mode, "others on this machine could read this file of the log; now only its owner can");
            }
            Err(error) => {
                tracing::warn!(target: "log", %path, %error, "others on this machine can read this file of the log, and its mode cannot be changed");
            }
        }
    }
}

fn is_ours(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    name.to_str()
        .and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX))
        .is_some_and(|day| day.starts_with('.') && day.ends_with('.'))
}

/// Gives the mode that the file had, if that let others in.
fn narrow(entry: &DirEntry) -> io::Result<Option<u32>> {
    // Of a link this is the link's own: what it leads to is somebody else's choice.
    let metadata = entry.metadata()?;
    let mode = metadata.permissions().mode() & 0o777;
    let others = mode & 0o077;
    if !metadata.is_file() || others == 0 {
        return Ok(None);
    }
    fs::set_permissions(entry.path(), Permissions::from_mode(mode & 0o700))?;
    Ok(Some(mode))
}
