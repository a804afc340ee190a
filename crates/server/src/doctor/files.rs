//! Folders and files of this machine.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use ntt_auth_core::model::Timestamp;
use rustix::fs::{Access, access, statvfs};

use super::Findings;
use crate::ports::VIRTUAL_CLOCK_FILE;
use crate::settings::{Database, Profile, Settings};

const MIB: u64 = 1 << 20;
/// Less room than this is soon none.
const LITTLE: u64 = 1024 * MIB;
/// With less than this, writes may fail at any time.
const NONE: u64 = 100 * MIB;

pub(super) fn examine(settings: &Settings, now: Timestamp, findings: &mut Findings) {
    data_folder(&settings.data_dir, findings);
    virtual_clock(settings, findings);
    if let Database::File(path) = &settings.database {
        room(path, findings);
    }
    backups(settings, now, findings);
}

fn data_folder(folder: &Path, findings: &mut Findings) {
    let check = "data_dir";
    let shown = folder.display();
    match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => {
            findings.fail(check, format!("{shown} is no folder"), "name another in data_dir");
        }
        Ok(_) if access(folder, Access::WRITE_OK | Access::EXEC_OK).is_err() => findings.fail(
            check,
            format!("{shown} cannot be written by this user"),
            format!("run: chown THE-SERVER'S-USER {shown}, or run this as that user"),
        ),
        Ok(found) if is_open_to_others(&found) => findings.warn(
            check,
            format!("{shown} may be entered by others"),
            format!("run: chmod 700 {shown}"),
        ),
        Ok(_) => findings.ok(check, format!("{shown} can be written")),
        Err(error) if error.kind() == ErrorKind::NotFound => findings.warn(
            check,
            format!("{shown} is not there"),
            "the first start makes it; if there was one, see whether it is mounted and data_dir names it",
        ),
        Err(error) => findings.fail(
            check,
            format!("{shown} cannot be looked at: {error}"),
            "give this user access to it",
        ),
    }
}

#[cfg(unix)]
fn is_open_to_others(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    found.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &fs::Metadata) -> bool {
    false
}

fn virtual_clock(settings: &Settings, findings: &mut Findings) {
    let file = settings.data_dir.join(VIRTUAL_CLOCK_FILE);
    if !file.exists() {
        return;
    }
    let what = format!(
        "{} says that time was moved forward here in tests",
        file.display()
    );
    if settings.profile == Profile::Production {
        findings.fail(
            "clock",
            what,
            "what is stored here lies in the future: use another data_dir",
        );
    } else {
        findings.warn("clock", what, "use another data_dir for anything but tests");
    }
}

/// Room on the disk that holds the database.
fn room(database: &Path, findings: &mut Findings) {
    let check = "disk";
    let folder = database.parent().filter(|folder| folder.exists());
    let folder = folder.unwrap_or(Path::new("."));
    let Ok(disk) = statvfs(folder) else {
        return;
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let size = fs::metadata(database).map_or(0, |found| found.len());
    let what = format!(
        "{} MiB are free for a database of {} MiB",
        free / MIB,
        size / MIB
    );
    let cure = "free some space, or move the database to a larger disk";
    if free < NONE {
        findings.fail(check, what, cure);
    } else if free < LITTLE.max(size) {
        findings.warn(check, what, cure);
    } else {
        findings.ok(check, what);
    }
}

fn backups(settings: &Settings, now: Timestamp, findings: &mut Findings) {
    let check = "backup";
    if settings.database.is_elsewhere() {
        findings.ok(check, "left to the tools of the database server");
        return;
    }
    let Some(folder) = &settings.backup.directory else {
        findings.warn(
            check,
            "no backups are made by themselves",
            "set backup.directory and backup.every, or see that something else runs `ntt-auth backup`",
        );
        return;
    };
    let Some(newest) = crate::backup::newest(folder) else {
        findings.warn(
            check,
            format!("there is none in {}", folder.display()),
            "run `ntt-auth backup`",
        );
        return;
    };
    let what = format!("the newest is of {newest}");
    match settings.backup.every {
        // One that is late by itself has failed at least once.
        Some(every) if now.since(newest) > every.saturating_mul(2) => findings.warn(
            check,
            format!("{what}, older than backup.every says"),
            "see in the log why none was made since, and whether the server runs",
        ),
        _ => findings.ok(check, what),
    }
}
