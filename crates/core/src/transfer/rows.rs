//! From octets to records, in whatever format they are.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;

use super::copy::CopyCutter;
use super::csv::{Cells, Columns, CsvCutter, unpacked};
use super::json::{JsonCutter, Layout};
use super::record::Record;
use super::{FirebaseConfig, auth0, django, firebase, keycloak, own, supabase};
use crate::model::{FieldErrors, Invalid};

/// Longest row, in octets. The metadata of an account has 16 KiB at most; what other systems say beside that is less.
pub(super) const MAX_ROW: usize = 1 << 20;

/// Rows written in one transaction. Each row touches a leaf of every index, most of them far apart: the more rows share a commit,
/// the fewer times a leaf is written. A server that runs beside the import waits for as long as one commit takes.
const BATCH_ROWS: usize = 2000;
/// Octets of rows written in one transaction.
const BATCH_OCTETS: usize = 4 << 20;

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JSON Lines of our own, as [`Export`](super::Export) writes them; also one array of such objects.
    Jsonl,
    /// CSV of our own, with the same names in its first line.
    Csv,
    /// Auth0: an export of users (JSON Lines), an export of password hashes, or the array of its bulk import.
    Auth0,
    /// Firebase: what `firebase auth:export` writes as JSON.
    Firebase,
    /// Keycloak: a realm export, or its file of users.
    Keycloak,
    /// Supabase: the table `auth.users` as CSV, or as `pg_dump` writes it.
    Supabase,
    /// Django: what `manage.py dumpdata` writes, as JSON or JSON Lines.
    Django,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 7] = [
        Self::Jsonl,
        Self::Csv,
        Self::Auth0,
        Self::Firebase,
        Self::Keycloak,
        Self::Supabase,
        Self::Django,
    ];

    /// The name used on the command line, in the API and in events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Auth0 => "auth0",
            Self::Firebase => "firebase",
            Self::Keycloak => "keycloak",
            Self::Supabase => "supabase",
            Self::Django => "django",
        }
    }

    /// Whether this is another system's format.
    pub const fn is_foreign(self) -> bool {
        !matches!(self, Self::Jsonl | Self::Csv)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or(())
    }
}

/// What a file does not say itself.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// The hashing parameters of a Firebase project.
    pub firebase: Option<FirebaseConfig>,
    /// The model that holds Django's users, e.g. `accounts.user`; without one it is `auth.user`.
    pub django_model: Option<String>,
    /// Also keep what only administrators could change in the source (Auth0's `app_metadata`, Supabase's
    /// `raw_app_meta_data`, Firebase's custom claims, Keycloak's attributes). Here it is part of the metadata, which people may change themselves.
    pub keep_app_metadata: bool,
}

/// Why a file cannot be read on. What was read before it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It ends where it should go on.
    #[error("the file ends in the middle; it was cut off")]
    Truncated,
    /// It is not what it is said to be.
    #[error("at octet {offset} {wanted} is expected; is the file in the format that was named?")]
    Malformed {
        /// Counted from zero.
        offset: u64,
        /// What should stand there.
        wanted: &'static str,
    },
    /// The first line of a CSV file names a column that is not known.
    #[error(
        "the first line names a column that is not known here, number {0}; docs/MIGRATING.md lists the names"
    )]
    UnknownColumn(usize),
    /// A CSV file lacks a column without which no account can be made.
    #[error("the first line names no column `{0}`")]
    MissingColumn(&'static str),
}

/// A piece that a cutter has cut.
#[derive(Debug)]
pub(super) struct Cut {
    /// How many octets of the file are behind it.
    pub(super) end: u64,
    /// What it holds; `None` if that was too long.
    pub(super) bytes: Option<Vec<u8>>,
}

/// One row, not looked into yet.
pub struct Row {
    /// Counted from one; the names of columns are no row.
    pub number: u64,
    /// How many octets of the file are read when this row is.
    pub end: u64,
    bytes: Option<Vec<u8>>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rows hold hashes.
        f.debug_struct("Row")
            .field("number", &self.number)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

impl Row {
    /// How many octets it holds.
    pub fn len(&self) -> usize {
        self.bytes.as_ref().map_or(0, Vec::len)
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a row turned out to be.
#[derive(Debug)]
pub enum Reading {
    /// An account, and what about it could not be read: times, so far.
    Record(Box<Record>, FieldErrors),
    /// Something else that such files hold, like a group.
    Ignored,
    /// Nothing that can be read.
    Broken(Invalid),
}

#[derive(Debug)]
enum Cutter {
    Json(JsonCutter),
    Csv(Box<CsvCutter>),
    /// Supabase: it shows at the first octets whether it is CSV.
    Undecided(Vec<u8>),
    Copy(CopyCutter),
}

/// Reads rows from octets that arrive piece by piece.
#[derive(Debug)]
pub struct Rows {
    format: Format,
    hints: Hints,
    cutter: Cutter,
    columns: Option<Columns>,
    number: u64,
    ready: VecDeque<Row>,
}

impl Rows {
    /// Begins at a file's first octet.
    pub fn new(format: Format, hints: Hints) -> Self {
        let cutter = match format {
            Format::Jsonl | Format::Auth0 | Format::Django => {
                Cutter::Json(JsonCutter::new(Layout::Lines))
            }
            Format::Firebase | Format::Keycloak => {
                Cutter::Json(JsonCutter::new(Layout::Member("users")))
            }
            Format::Csv => Cutter::Csv(Box::new(CsvCutter::new())),
            Format::Supabase => Cutter::Undecided(Vec::new()),
        };
        Self {
            format,
            hints,
            cutter,
            columns: None,
            number: 0,
            ready: VecDeque::new(),
        }
    }

    /// The format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Takes the next octets of the file. Rows that are whole now are there to be [taken](Rows::next_row).
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        if let Cutter::Undecided(begun) = &mut self.cutter {
            begun.extend(bytes);
            if begun.len() < 8192 {
                return Ok(());
            }
            return self.decide();
        }
        self.cut(bytes)
    }

    /// Says that the file is at its end.
    pub fn finish(&mut self) -> Result<(), Unreadable> {
        self.decide()?;
        let mut cuts = Vec::new();
        let mut out = |cut| cuts.push(cut);
        let ended = match &mut self.cutter {
            Cutter::Json(cutter) => cutter.finish(&mut out),
            Cutter::Csv(cutter) => cutter.finish(&mut out),
            Cutter::Copy(cutter) => cutter.finish(),
            Cutter::Undecided(_) => Ok(()),
        };
        self.take(cuts)?;
        ended
    }

    /// The next row that has arrived whole.
    pub fn next_row(&mut self) -> Option<Row> {
        self.ready.pop_front()
    }

    /// As many rows as are well written together, looked into, if so many have arrived; with `all`, what has arrived. Rows up to
    /// number `behind` are passed over unread.
    pub fn batch(&mut self, behind: u64, all: bool) -> Option<Vec<(Row, Reading)>> {
        while self.ready.front().is_some_and(|row| row.number <= behind) {
            self.ready.pop_front();
        }
        let mut octets = 0;
        let count = self
            .ready
            .iter()
            .take(BATCH_ROWS)
            .take_while(|row| {
                octets += row.len();
                octets - row.len() < BATCH_OCTETS
            })
            .count();
        let full = count == BATCH_ROWS || octets >= BATCH_OCTETS;
        if count == 0 || !(full || all) {
            return None;
        }
        let rows: Vec<Row> = self.ready.drain(..count).collect();
        Some(
            rows.into_iter()
                .map(|row| {
                    let reading = self.read(&row);
                    (row, reading)
                })
                .collect(),
        )
    }

    fn decide(&mut self) -> Result<(), Unreadable> {
        let Cutter::Undecided(begun) = &mut self.cutter else {
            return Ok(());
        };
        let begun = std::mem::take(begun);
        self.cutter = if CopyCutter::recognises(&begun) {
            Cutter::Copy(CopyCutter::new())
        } else {
            Cutter::Csv(Box::new(CsvCutter::new()))
        };
        self.cut(&begun)
    }

    fn cut(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        let mut cuts = Vec::new();
        let mut out = |cut| cuts.push(cut);
        let fed = match &mut self.cutter {
            Cutter::Json(cutter) => cutter.feed(bytes, &mut out),
            Cutter::Csv(cutter) => cutter.feed(bytes, &mut out),
            Cutter::Copy(cutter) => cutter.feed(bytes, &mut out),
            Cutter::Undecided(_) => Ok(()),
        };
        self.take(cuts)?;
        fed
    }

    fn take(&mut self, cuts: Vec<Cut>) -> Result<(), Unreadable> {
        let tabular = !matches!(self.cutter, Cutter::Json(_));
        for cut in cuts {
            if tabular && self.columns.is_none() {
                self.columns = Some(self.head(&cut)?);
                continue;
            }
            self.number += 1;
            self.ready.push_back(Row {
                number: self.number,
                end: cut.end,
                bytes: cut.bytes,
            });
        }
        Ok(())
    }

    fn head(&self, cut: &Cut) -> Result<Columns, Unreadable> {
        let malformed = Unreadable::Malformed {
            offset: 0,
            wanted: "a line with the names of the columns",
        };
        let names = cut.bytes.as_deref().and_then(unpacked).ok_or(malformed)?;
        let names: Vec<String> = names
            .into_iter()
            .map(|name| name.trim_start_matches('\u{feff}').trim().to_owned())
            .collect();
        if self.format == Format::Csv
            && let Some(at) = names
                .iter()
                .position(|name| !own::COLUMNS.contains(&name.as_str()))
        {
            return Err(Unreadable::UnknownColumn(at + 1));
        }
        if !names.iter().any(|name| name == "email") {
            return Err(Unreadable::MissingColumn("email"));
        }
        Ok(Columns::new(names))
    }

    /// Looks into a row of this file.
    pub fn read(&self, row: &Row) -> Reading {
        let Some(bytes) = row.bytes.as_deref() else {
            return Reading::Broken(Invalid::new(
                "too_long",
                "A row has at most 1048576 octets.",
            ));
        };
        let mut errors = FieldErrors::new();
        let record = match self.format {
            Format::Jsonl => json(bytes).map(|row| Some(own::record(row, &mut errors))),
            Format::Csv => self
                .cells(bytes)
                .map(|cells| Some(own::record_of_cells(&cells, &mut errors))),
            Format::Auth0 => {
                json(bytes).map(|row| Some(auth0::record(row, &self.hints, &mut errors)))
            }
            Format::Firebase => {
                json(bytes).map(|row| Some(firebase::record(row, &self.hints, &mut errors)))
            }
            Format::Keycloak => {
                json(bytes).map(|row| Some(keycloak::record(row, &self.hints, &mut errors)))
            }
            Format::Supabase => self
                .cells(bytes)
                .map(|cells| Some(supabase::record(&cells, &self.hints, &mut errors))),
            Format::Django => json(bytes).map(|row| django::record(row, &self.hints, &mut errors)),
        };
        match record {
            Ok(Some(record)) => Reading::Record(Box::new(record), errors),
            Ok(None) => Reading::Ignored,
            Err(invalid) => Reading::Broken(invalid),
        }
    }

    fn cells<'a>(&'a self, bytes: &'a [u8]) -> Result<Cells<'a>, Invalid> {
        let cells = unpacked(bytes).ok_or(Invalid::new("not_utf8", "The row is not UTF-8."))?;
        let columns = self.columns.as_ref().ok_or(Invalid::new(
            "malformed",
            "There is no line with the names of the columns.",
        ))?;
        let cells = Cells::new(columns, cells);
        if cells.fits() {
            Ok(cells)
        } else {
            Err(Invalid::new(
                "malformed",
                "The row has more or fewer cells than the first line has columns.",
            ))
        }
    }
}

/// A row in JSON. What is wrong with it is told without anything it holds: the parser's own words may quote a hash.
fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Invalid> {
    serde_json::from_slice(bytes).map_err(|error| {
        if !error.is_data() {
            return Invalid::with(
                "malformed",
                format!("The row is not JSON from its octet {} on.", error.column()),
            );
        }
        let told = error.to_string();
        let named = |before: &str| {
            let (name, _) = told.strip_prefix(before)?.split_once('`')?;
            let name = name.chars().filter(|c| !c.is_control()).take(64);
            Some(name.collect::<String>())
        };
        if let Some(name) = named("unknown field `") {
            return Invalid::with("unknown_field", format!("There is no field `{name}`."));
        }
        if let Some(name) = named("duplicate field `") {
            return Invalid::with(
                "duplicate_field",
                format!("The field `{name}` stands twice."),
            );
        }
        if let Some(name) = named("missing field `") {
            return Invalid::with("required", format!("The field `{name}` is missing."));
        }
        Invalid::with(
            "invalid_type",
            format!(
                "A value is of a wrong type, at octet {} of the row.",
                error.column()
            ),
        )
    })
}
