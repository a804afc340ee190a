//! What is wrong with a configuration, where it stands and how it is cured.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The defaults that are compiled in.
    Default,
    /// A line of a configuration file.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// Line in it, counted from one.
        line: usize,
    },
    /// An environment variable of this name.
    Environment(String),
    /// A command-line flag as it was written.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// One mistake. It never carries the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key it is about, such as `http.listen`; a file that cannot be read has none.
    pub key: Option<String>,
    /// Where the value came from.
    pub source: Source,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub cure: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            key,
            source,
            what,
            cure,
        } = self;
        match key {
            Some(key) => write!(f, "{key} ({source}): {what}\n    {cure}"),
            None => write!(f, "{source}: {what}\n    {cure}"),
        }
    }
}

/// Every mistake of a configuration, in the order of the reference file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        write!(f, "the configuration has {count} {noun}:")?;
        for problem in &self.0 {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}
