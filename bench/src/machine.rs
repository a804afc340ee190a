//! What the numbers were measured on.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

/// The machine and the version under test, as the header of the report names them.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    /// The processor's name.
    pub(crate) processor: String,
    /// How many cores the tool and the servers share.
    pub(crate) cores: usize,
    /// Installed memory.
    pub(crate) memory: String,
    /// The kernel's release.
    pub(crate) kernel: String,
    /// The file system that holds the databases.
    pub(crate) file_system: String,
    /// The commit under test, with a mark when the tree holds uncommitted changes.
    pub(crate) commit: String,
    /// The day of the measurement, UTC.
    pub(crate) day: String,
}

impl Machine {
    /// Looks at this machine; `data` is the folder that holds the databases.
    pub(crate) fn here(data: &Path) -> Self {
        Self {
            processor: value_of("/proc/cpuinfo", "model name"),
            cores: cores(),
            memory: memory(),
            kernel: first_line(&["uname", "-r"]),
            file_system: first_line(&[
                "findmnt",
                "--noheadings",
                "--output=FSTYPE",
                "--target",
                &data.display().to_string(),
            ]),
            commit: commit(),
            day: first_line(&["date", "-u", "+%F"]),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {} cores, {} memory, Linux {}, data on {}; commit {}; {}",
            self.processor,
            self.cores,
            self.memory,
            self.kernel,
            self.file_system,
            self.commit,
            self.day
        )
    }
}

/// How many cores there are to share.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn memory() -> String {
    let kibibytes: u64 = value_of("/proc/meminfo", "MemTotal")
        .trim_end_matches(" kB")
        .parse()
        .unwrap_or_default();
    format!("{} GiB", (kibibytes + (1 << 19)) >> 20)
}

fn commit() -> String {
    let commit = first_line(&["git", "rev-parse", "--short=12", "HEAD"]);
    let changes = first_line(&[
        "git",
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        "crates",
        "Cargo.toml",
    ]);
    match changes.as_str() {
        "" => commit,
        _ => format!("{commit} with uncommitted changes"),
    }
}

/// The value of the first `name: value` line of a file under /proc.
fn value_of(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)
        .map_or_else(
            || "unknown".to_owned(),
            |(_, value)| value.trim().to_owned(),
        )
}

fn first_line(command: &[&str]) -> String {
    let Some((program, arguments)) = command.split_first() else {
        return String::new();
    };
    Command::new(program)
        .args(arguments)
        .output()
        .ok()
        .and_then(|output| {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.lines().next().map(str::to_owned)
        })
        .unwrap_or_default()
}
