//! Gives configured values their meaning, and keeps every mistake until all are found.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SpanRelativeTo, fmt::friendly::SpanParser};
use zeroize::Zeroizing;

use super::layers::Layers;
use super::problem::{Problem, Source};
use super::value::Value;

/// A value was refused; what is wrong with it stands in the list of problems.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused;

/// What a key accepts, as it was asked for; the JSON Schema is made from this.
#[derive(Debug, Clone)]
pub(super) enum Accepts {
    Boolean,
    Integer {
        least: i64,
        most: i64,
    },
    Choice(&'static [&'static str]),
    Duration,
    Text,
    /// A text in which there may be a password.
    Address,
    Secret,
    List,
}

/// Reads the layers key by key.
pub(super) struct Reader<'a> {
    layers: &'a Layers,
    pub(super) problems: Vec<Problem>,
    pub(super) read: BTreeMap<&'static str, Accepts>,
    /// Files with secrets that others than their owner can read, by the key that names them.
    pub(super) exposed: Vec<(&'static str, PathBuf)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(layers: &'a Layers) -> Self {
        Self {
            layers,
            problems: layers.problems.clone(),
            read: BTreeMap::new(),
            exposed: Vec::new(),
        }
    }

    /// Records a mistake about the value of `key`.
    pub(super) fn refuse(
        &mut self,
        key: &str,
        what: impl Into<String>,
        cure: impl Into<String>,
    ) -> Refused {
        let source = self.source(key);
        self.problems.push(Problem {
            key: Some(key.to_owned()),
            source,
            what: what.into(),
            cure: cure.into(),
        });
        Refused
    }

    /// Whether somebody gave `key` a value other than the empty text.
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.layers
            .get(key)
            .is_some_and(|entry| entry.value != Value::Text(String::new()))
    }

    pub(super) fn boolean(&mut self, key: &'static str) -> Result<bool, Refused> {
        self.read.insert(key, Accepts::Boolean);
        match self.value(key)? {
            Value::Boolean(flag) => Ok(flag),
            _ => Err(self.missing(key)),
        }
    }

    /// A whole number within bounds, both included.
    pub(super) fn integer<T: TryFrom<i64>>(
        &mut self,
        key: &'static str,
        least: i64,
        most: i64,
    ) -> Result<T, Refused> {
        self.read.insert(key, Accepts::Integer { least, most });
        let Value::Integer(number) = self.value(key)? else {
            return Err(self.missing(key));
        };
        match T::try_from(number) {
            Ok(value) if (least..=most).contains(&number) => Ok(value),
            _ => Err(self.refuse(
                key,
                format!("{number} is out of range"),
                format!("choose {least} to {most}"),
            )),
        }
    }

    /// One of a few words; gives its position among them.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        words: &'static [&'static str],
        meanings: &[T],
    ) -> Result<T, Refused> {
        self.read.insert(key, Accepts::Choice(words));
        let text = self.raw_text(key)?;
        let found = words.iter().zip(meanings).find(|(word, _)| **word == text);
        match found {
            Some((_, meaning)) => Ok(*meaning),
            None => Err(self.refuse(
                key,
                format!("`{text}` is not one of its values"),
                format!("choose {}", words.join(", ")),
            )),
        }
    }

    /// A length of time within bounds, both included.
    pub(super) fn duration(
        &mut self,
        key: &'static str,
        least: Duration,
        most: Duration,
    ) -> Result<Duration, Refused> {
        self.read.insert(key, Accepts::Duration);
        let text = self.raw_text(key)?;
        match parse_duration(&text) {
            None => Err(self.refuse(
                key,
                format!("`{text}` is no length of time"),
                "write it like \"30s\", \"15 min\", \"1h\" or \"7 days\"",
            )),
            Some(length) if length < least || length > most => Err(self.refuse(
                key,
                format!("`{text}` is out of range"),
                format!("choose {} to {}", show(least), show(most)),
            )),
            Some(length) => Ok(length),
        }
    }

    /// A length of time, or none if the text is empty.
    pub(super) fn optional_duration(
        &mut self,
        key: &'static str,
        least: Duration,
        most: Duration,
    ) -> Result<Option<Duration>, Refused> {
        if self.is_set(key) {
            return self.duration(key, least, most).map(Some);
        }
        self.read.insert(key, Accepts::Duration);
        Ok(None)
    }

    /// A text, which may be empty.
    pub(super) fn text(&mut self, key: &'static str) -> Result<String, Refused> {
        self.read.insert(key, Accepts::Text);
        self.raw_text(key)
    }

    /// A text that `parse` understands; `cure` says how it is written. The empty text is none.
    pub(super) fn optional<T, E: Display>(
        &mut self,
        key: &'static str,
        cure: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Refused> {
        let text = self.text(key)?;
        if text.is_empty() {
            return Ok(None);
        }
        match parse(&text) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(self.refuse(key, format!("`{text}`: {error}"), cure)),
        }
    }

    /// A text that `parse` understands and that must be there.
    pub(super) fn required<T, E: Display>(
        &mut self,
        key: &'static str,
        cure: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Refused> {
        match self.optional(key, cure, parse)? {
            Some(value) => Ok(value),
            None => Err(self.refuse(key, "it is empty", cure)),
        }
    }

    /// A list whose every item `parse` understands; each bad item is a problem of its own.
    pub(super) fn list<T, E: Display>(
        &mut self,
        key: &'static str,
        cure: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, Refused> {
        self.read.insert(key, Accepts::List);
        let Value::List(items) = self.value(key)? else {
            return Err(self.missing(key));
        };
        let mut values = Vec::with_capacity(items.len());
        let mut refused = None;
        for item in &items {
            match parse(item) {
                Ok(value) => values.push(value),
                Err(error) => refused = Some(self.refuse(key, format!("`{item}`: {error}"), cure)),
            }
        }
        refused.map_or(Ok(values), Err)
    }

    /// A secret, given itself under `key` or in the file that `file_key` names; none if both are empty.
    pub(super) fn secret(
        &mut self,
        key: &'static str,
        file_key: &'static str,
    ) -> Result<Option<Zeroizing<String>>, Refused> {
        self.read.insert(key, Accepts::Secret);
        self.itself_or_file(key, file_key)
    }

    /// An address in which there may be a password, given as a secret is. It is shown without the password.
    pub(super) fn address(
        &mut self,
        key: &'static str,
        file_key: &'static str,
    ) -> Result<Option<Zeroizing<String>>, Refused> {
        self.read.insert(key, Accepts::Address);
        self.itself_or_file(key, file_key)
    }

    fn itself_or_file(
        &mut self,
        key: &'static str,
        file_key: &'static str,
    ) -> Result<Option<Zeroizing<String>>, Refused> {
        let direct = Zeroizing::new(self.raw_text(key)?);
        let file = self.text(file_key)?;
        match (direct.is_empty(), file.is_empty()) {
            (true, true) => Ok(None),
            (false, true) => Ok(Some(direct)),
            (false, false) => Err(self.refuse(
                file_key,
                format!("{key} ({}) is set too", self.source(key)),
                "set only one of them",
            )),
            (true, false) => self.secret_file(file_key, Path::new(&file)).map(Some),
        }
    }

    fn secret_file(
        &mut self,
        key: &'static str,
        path: &Path,
    ) -> Result<Zeroizing<String>, Refused> {
        if is_exposed(path) {
            self.exposed.push((key, path.to_owned()));
        }
        match std::fs::read_to_string(path).map(Zeroizing::new) {
            Err(error) => Err(self.refuse(
                key,
                format!("{} cannot be read: {error}", path.display()),
                "name a file that this user may read",
            )),
            Ok(text) if text.trim().is_empty() => Err(self.refuse(
                key,
                format!("{} is empty", path.display()),
                "write the secret into it",
            )),
            Ok(text) => Ok(Zeroizing::new(text.trim().to_owned())),
        }
    }

    /// The entries of the open section, each understood by `parse`.
    pub(super) fn open<T, E: Display>(
        &mut self,
        cure: &str,
        parse: impl Fn(&str, &str) -> Result<T, E>,
    ) -> Result<Vec<(String, T)>, Refused> {
        let layers = self.layers;
        let mut values = Vec::new();
        let mut refused = None;
        for (name, entry) in layers.open() {
            let Value::Text(text) = &entry.value else {
                continue;
            };
            match parse(name, text) {
                Ok(value) => values.push((name.to_owned(), value)),
                Err(error) => {
                    let key = format!("{}.{name}", super::layers::OPEN_SECTION);
                    refused = Some(self.refuse(&key, error.to_string(), cure));
                }
            }
        }
        refused.map_or(Ok(values), Err)
    }

    fn raw_text(&mut self, key: &'static str) -> Result<String, Refused> {
        match self.value(key)? {
            Value::Text(text) => Ok(text),
            _ => Err(self.missing(key)),
        }
    }

    fn value(&mut self, key: &'static str) -> Result<Value, Refused> {
        match self.layers.get(key) {
            Some(entry) => Ok(entry.value.clone()),
            None => Err(self.missing(key)),
        }
    }

    fn source(&self, key: &str) -> Source {
        self.layers
            .get(key)
            .map_or(Source::Default, |entry| entry.source.clone())
    }

    fn missing(&mut self, key: &'static str) -> Refused {
        self.refuse(
            key,
            "the reference file lacks it, or gives it another kind of value",
            "report this as a defect",
        )
    }
}

/// Whether accounts of this machine that have no business with a secret can read or change its file. A file of root's may be
/// readable by a group: that is how it is lent to the account of a service.
#[cfg(unix)]
fn is_exposed(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    // Whether it can be read at all is said by whoever reads it.
    std::fs::metadata(path).is_ok_and(|file| {
        let shut = if file.uid() == 0 { 0o027 } else { 0o077 };
        file.is_file() && file.mode() & shut != 0
    })
}

#[cfg(not(unix))]
fn is_exposed(_path: &Path) -> bool {
    false
}

/// A path as it was written.
pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    if text.contains('\0') {
        Err("it holds a NUL".to_owned())
    } else {
        Ok(PathBuf::from(text))
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let span = SpanParser::new().parse_span(text.trim()).ok()?;
    span.to_duration(SpanRelativeTo::days_are_24_hours())
        .ok()?
        .try_into()
        .ok()
}

/// A bound as a person would write it.
fn show(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        _ if seconds > 0 && seconds.is_multiple_of(86_400) => format!("{} days", seconds / 86_400),
        _ if seconds > 0 && seconds.is_multiple_of(3_600) => format!("{}h", seconds / 3_600),
        0 if !length.is_zero() => format!("{}ms", length.as_millis()),
        _ => format!("{seconds}s"),
    }
}
