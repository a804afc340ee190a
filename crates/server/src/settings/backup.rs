//! Where backups go (`[backup]`).

use std::path::PathBuf;
use std::time::Duration;

use super::reader::{Reader, Refused, path};

/// Where backups go, how often one is made, how many are kept.
#[derive(Debug, Clone)]
pub struct Backup {
    /// Where they go; none means that only the command line makes any.
    pub directory: Option<PathBuf>,
    /// How often one is made; none means on demand only.
    pub every: Option<Duration>,
    /// How many are kept.
    pub keep: usize,
}

impl Backup {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let directory = reader.optional("backup.directory", "name a folder", path);
        let every = reader.optional_duration(
            "backup.every",
            Duration::from_mins(1),
            Duration::from_hours(24 * 366),
        );
        let keep = reader.integer("backup.keep", 1, 100_000);
        if matches!((&directory, &every), (Ok(None), Ok(Some(_)))) {
            reader.refuse(
                "backup.every",
                "there is no folder for backups",
                "set backup.directory as well",
            );
        }
        Ok(Self {
            directory: directory?,
            every: every?,
            keep: keep?,
        })
    }
}
