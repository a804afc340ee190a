//! What is logged, and where to.

use std::path::PathBuf;

use tracing_subscriber::filter::Targets;

use super::Profile;
use super::reader::{self, Reader, Refused};

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// What is logged, and where to.
#[derive(Debug, Clone)]
pub struct Log {
    /// Which lines are kept.
    pub level: Targets,
    /// How they are written.
    pub format: Format,
    /// Folder for daily files; none means standard error.
    pub directory: Option<PathBuf>,
    /// How many daily files are kept.
    pub max_files: usize,
}

impl Log {
    pub(super) fn read(
        reader: &mut Reader<'_>,
        profile: Result<Profile, Refused>,
    ) -> Result<Self, Refused> {
        let level = reader.required(
            "log.level",
            "choose error, warn, info, debug or trace, or write a list like info,http=debug",
            str::parse::<Targets>,
        );
        let format = reader.choice(
            "log.format",
            &["auto", "pretty", "json"],
            &[None, Some(Format::Pretty), Some(Format::Json)],
        );
        let directory = reader.optional("log.directory", "name a folder", reader::path);
        let max_files = reader.integer("log.max_files", 1, 10_000);
        let auto = if matches!(profile, Ok(Profile::Production)) {
            Format::Json
        } else {
            Format::Pretty
        };
        Ok(Self {
            level: level?,
            format: format?.unwrap_or(auto),
            directory: directory?,
            max_files: max_files?,
        })
    }
}
