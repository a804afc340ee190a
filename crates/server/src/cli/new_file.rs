//! Files with everybody's data that a command writes.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use super::Failure;

/// A new file that only its owner may read. One that is there is not overwritten.
pub(super) fn new_file(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::Refused(format!(
            "{} is there already, and nothing is overwritten",
            path.display()
        )),
        _ => Failure::File(format!("{} cannot be made: {error}", path.display())),
    })
}
