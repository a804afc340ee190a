//! Where accounts and sessions are kept, and how an engine elsewhere is spoken to.

mod url;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::breaker;
use super::reader::{self, Reader, Refused};
use crate::breaker::BreakerRules;

pub use url::{EngineKind, Protection, ServerUrl};
pub(super) use url::{Parts, is_this_machine, mask};

const SECOND: Duration = Duration::from_secs(1);

/// Where accounts and sessions are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// SQLite in memory: everything is forgotten at the end.
    Memory,
    /// SQLite in a file.
    File(PathBuf),
    /// A server.
    Server(ServerUrl),
}

impl Database {
    /// `data_dir` is absent when it was refused itself.
    pub(super) fn read(reader: &mut Reader<'_>, data_dir: Option<&Path>) -> Result<Self, Refused> {
        let given = reader.address("database.url", "database.url_file")?;
        match (given, data_dir) {
            (Some(text), _) => database(&text).map_err(|(what, cure)| {
                // The text is not repeated: it may hold a password.
                reader.refuse("database.url", what, cure)
            }),
            (None, Some(dir)) => Ok(Self::File(dir.join("ntt-auth.db"))),
            (None, None) => Err(Refused),
        }
    }

    /// Whether other processes on other machines may use it.
    pub fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Server(_))
    }
}

const CURE: &str = "write sqlite:PATH, sqlite::memory:, mysql://USER:PASSWORD@HOST/DATABASE, postgres://… or mongodb://…";

/// What a text names, or what is wrong with it and the cure.
pub fn database(text: &str) -> Result<Database, (String, String)> {
    let wrong = |what: &str| (what.to_owned(), CURE.to_owned());
    let (scheme, rest) = text
        .split_once(':')
        .ok_or_else(|| wrong("it names no engine"))?;
    match scheme {
        "sqlite" if rest == ":memory:" => Ok(Database::Memory),
        "sqlite" => match rest.strip_prefix("//").unwrap_or(rest) {
            "" => Err(wrong("it names no file")),
            path => reader::path(path)
                .map(Database::File)
                .map_err(|what| wrong(&what)),
        },
        _ => match EngineKind::of(scheme) {
            Some(kind) if !kind.is_built_in() => Err((
                format!("this build of ntt-auth has no {}", kind.name()),
                format!(
                    "use a build with it: `cargo build --release --features {}`",
                    kind.feature()
                ),
            )),
            Some(kind) => ServerUrl::parse(kind, text)
                .map(Database::Server)
                .map_err(|what| wrong(&what)),
            None => Err(wrong("it begins with no engine that ntt-auth knows")),
        },
    }
}

/// How the database is spoken to. SQLite needs nothing of it but the threshold of slow statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    /// Connections that are kept, and the most there may be; the engine's own figures where none are given.
    pub connections: Option<RangeInclusive<u32>>,
    /// How long it may take to connect, or to get a connection that is free.
    pub connect_timeout: Duration,
    /// How long one statement may take.
    pub timeout: Duration,
    /// From what time on a statement is told of in the log.
    pub slow_statement: Option<Duration>,
    /// Certificate authorities that are trusted beside the public ones.
    pub ca_file: Option<PathBuf>,
    /// When the database is left alone.
    pub breaker: BreakerRules,
}

impl Engine {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let least = reader.integer::<u32>("database.min_connections", 0, 10_000);
        let most = reader.integer::<u32>("database.max_connections", 0, 10_000);
        let connect_timeout = reader.duration("database.connect_timeout", SECOND, SECOND * 60);
        let timeout = reader.duration("database.timeout", SECOND, SECOND * 600);
        let slow_statement =
            reader.optional_duration("database.slow_statement", Duration::ZERO, SECOND * 3600);
        let ca_file = reader.optional("database.ca_file", "name a file in PEM", readable);
        let breaker = breaker::read(
            reader,
            [
                "database.breaker.window",
                "database.breaker.failures",
                "database.breaker.open_for",
                "database.breaker.probes",
            ],
        );
        let connections = match (least?, most?) {
            (0, 0) => None,
            (least, 0) => {
                return Err(reader.refuse(
                    "database.max_connections",
                    format!("it is 0, and database.min_connections is {least}"),
                    "set both, or neither",
                ));
            }
            (least, most) if least > most => {
                return Err(reader.refuse(
                    "database.min_connections",
                    format!("{least} is more than database.max_connections, {most}"),
                    "choose at most as many",
                ));
            }
            (least, most) => Some(least..=most),
        };
        Ok(Self {
            connections,
            connect_timeout: connect_timeout?,
            timeout: timeout?,
            slow_statement: slow_statement?,
            ca_file: ca_file?,
            breaker: breaker?,
        })
    }
}

pub(super) fn readable(text: &str) -> Result<PathBuf, String> {
    let path = reader::path(text)?;
    match std::fs::File::open(&path) {
        Ok(_) => Ok(path),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests;
