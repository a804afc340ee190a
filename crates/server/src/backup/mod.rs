//! Backups and their restoring (OPS-7, docs/BACKUP.md).

mod make;
mod manifest;
mod restore;

pub(crate) use make::newest;
pub use make::{BY_THEIR_OWN_TOOLS, BackupFolder, Codes, back_up};
pub use manifest::Manifest;
pub use restore::{RestoreError, Restored, restore};
