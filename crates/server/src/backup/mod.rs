//! Backups and their restoring (OPS-7, docs/BACKUP.md).

mod make;
mod manifest;
mod restore;

pub use make::{BackupFolder, Codes, back_up};
pub use manifest::Manifest;
pub use restore::{RestoreError, Restored, restore};
