//! The log (OPS-3): lines for people or JSON, to standard error or to one file a day.
//!
//! Lines are written by a thread of their own, so that no request waits for a disk; when more are waiting than fit, further ones are
//! dropped and counted rather than holding requests up. Secrets cannot reach a line: their types print a fixed mark.

mod chain;
#[cfg(unix)]
mod private;
pub mod traces;

use std::fs;
use std::path::PathBuf;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;

pub use chain::Chain;
pub use traces::Traces;

use self::traces::SpanLayer;
use crate::settings::{Format, Log};

/// Lines that wait to be written. Beyond them lines are dropped and counted, so that a slow disk slows no request. Each
/// place costs 32 bytes from the start, used or not.
const LINES: usize = 16_384;

/// What stands before and behind the day in the name of a file.
const PREFIX: &str = "ntt-auth";
const SUFFIX: &str = "log";

/// Why the log cannot be written, with the cure.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The folder cannot be written to.
    #[error(
        "log files cannot be written to {0}: {1}; give this user write access, or set log.directory"
    )]
    Folder(PathBuf, String),
    /// The process has a log already.
    #[error("a log was set up already: {0}")]
    Twice(#[from] tracing::subscriber::SetGlobalDefaultError),
}

/// Keeps the log running; dropping it writes out what is waiting.
#[derive(Debug)]
pub struct Logging {
    dropped: ErrorCounter,
    _writer: WorkerGuard,
}

impl Logging {
    /// Starts the log of this process, and has `traces` hear of spans.
    pub fn start(log: &Log, traces: &Traces) -> Result<Self, LogError> {
        let lines = NonBlockingBuilder::default()
            .thread_name("log")
            .buffered_lines_limit(LINES);
        let (writer, guard) = match &log.directory {
            None => lines.finish(std::io::stderr()),
            Some(_) => lines.finish(daily_files(log)?),
        };
        let dropped = writer.error_counter();
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(writer)
            .with_ansi(false);
        let lines = match log.format {
            Format::Json => lines
                .json()
                .flatten_event(true)
                .with_span_list(false)
                .boxed(),
            Format::Pretty => lines.compact().boxed(),
        };
        let heard = log
            .level
            .clone()
            .with_target(traces::TARGET, LevelFilter::OFF);
        let layers: Vec<SpanLayer> = std::iter::once(lines.with_filter(heard).boxed())
            .chain(traces.layer())
            .collect();
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layers))?;
        #[cfg(unix)]
        if let Some(folder) = &log.directory {
            private::shut(folder);
        }
        Ok(Self {
            dropped,
            _writer: guard,
        })
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        let lines = self.dropped.dropped_lines();
        if lines > 0 {
            tracing::warn!(
                lines,
                "lines of the log were dropped because they could not be written fast enough"
            );
        }
    }
}

fn daily_files(log: &Log) -> Result<RollingFileAppender, LogError> {
    let folder = log.directory.clone().unwrap_or_default();
    #[cfg(unix)]
    private::create_for_owner_alone();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    // Lines name addresses of clients: a folder that is made here is its owner's alone.
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(&folder)
        .map_err(|error| LogError::Folder(folder.clone(), error.to_string()))?;
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(PREFIX)
        .filename_suffix(SUFFIX)
        .max_log_files(log.max_files)
        .build(&folder)
        .map_err(|error| LogError::Folder(folder, error.to_string()))
}
