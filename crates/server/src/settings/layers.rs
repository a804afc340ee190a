//! Defaults, file, environment and flags laid over one another, each value with the place it came from.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Source};
use super::value::Value;

/// The reference file: every key, its default and what it means.
pub(super) const REFERENCE: &str = include_str!("config.default.toml");

/// Every environment variable that begins so is a setting.
pub(super) const ENVIRONMENT_PREFIX: &str = "NTT_AUTH__";

/// The one section whose keys are the installation's own.
pub(super) const OPEN_SECTION: &str = "tokens.claims";

/// A value and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) value: Value,
    pub(super) source: Source,
}

/// What is in force, key by key, and what was wrong while it was laid together.
#[derive(Debug)]
pub(super) struct Layers {
    entries: BTreeMap<String, Entry>,
    order: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

impl Layers {
    /// The defaults alone.
    pub(super) fn defaults() -> Self {
        let mut layers = Self {
            entries: BTreeMap::new(),
            order: Vec::new(),
            problems: Vec::new(),
        };
        let (table, _) = DeTable::parse_recoverable(REFERENCE);
        let mut leaves = Vec::new();
        flatten(table.get_ref(), "", &mut leaves);
        leaves.sort_by_key(|leaf| leaf.offset);
        for leaf in leaves {
            if let Ok(value) = Value::from_toml(leaf.value) {
                layers.order.push(leaf.key.clone());
                layers.entries.insert(
                    leaf.key,
                    Entry {
                        value,
                        source: Source::Default,
                    },
                );
            }
        }
        layers
    }

    /// Lays a TOML file over what is there.
    pub(super) fn file(&mut self, path: &Path, text: &str) {
        let at = |offset| Source::File {
            path: path.to_owned(),
            line: line_of(text, offset),
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            self.problems.push(Problem {
                key: None,
                source: at(error.span().map_or(0, |span| span.start)),
                what: error.message().trim().replace('\n', ", "),
                cure: "correct the line; the file is TOML".to_owned(),
            });
        }
        let mut leaves = Vec::new();
        flatten(table.get_ref(), "", &mut leaves);
        leaves.sort_by_key(|leaf| leaf.offset);
        for leaf in leaves {
            let source = at(leaf.offset);
            match self.like(&leaf.key) {
                None => self.unknown(leaf.key, source),
                Some(like) => {
                    let value = Value::from_toml(leaf.value).and_then(|value| {
                        if value.same_kind(&like) {
                            Ok(value)
                        } else {
                            Err(format!("{} stands here", value.kind()))
                        }
                    });
                    self.put(leaf.key, value, &like, source);
                }
            }
        }
    }

    /// Lays environment variables over what is there; those without the prefix are passed over.
    pub(super) fn environment(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, text) in variables {
            let Some(path) = name.strip_prefix(ENVIRONMENT_PREFIX) else {
                continue;
            };
            let parts: Vec<&str> = path.split("__").collect();
            let key = match parts.as_slice() {
                // The keys of the open section are the installation's own, so they keep their case.
                [first, second, claim]
                    if format!("{first}.{second}").eq_ignore_ascii_case(OPEN_SECTION) =>
                {
                    format!("{OPEN_SECTION}.{claim}")
                }
                _ => parts.join(".").to_ascii_lowercase(),
            };
            self.text(key, &text, Source::Environment(name));
        }
    }

    /// Lays one flag over what is there; `flag` is how it was written, for messages.
    pub(super) fn flag(&mut self, flag: &str, key: &str, text: &str) {
        self.text(key.to_owned(), text, Source::Flag(flag.to_owned()));
    }

    /// What is in force for `key`.
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// The entries of the open section: name and what is in force.
    pub(super) fn open(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries
            .iter()
            .filter_map(|(key, entry)| Some((open_name(key)?, entry)))
    }

    /// Every key in the order of the reference file.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.order
            .iter()
            .filter_map(|key| Some((key.as_str(), self.entries.get(key)?)))
    }

    /// A value of the kind that `key` takes, if there is such a key.
    fn like(&self, key: &str) -> Option<Value> {
        match open_name(key) {
            Some(_) => Some(Value::Text(String::new())),
            None => self.entries.get(key).map(|entry| entry.value.clone()),
        }
    }

    fn text(&mut self, key: String, text: &str, source: Source) {
        match self.like(&key) {
            None => self.unknown(key, source),
            Some(like) => self.put(key, Value::from_text(text, &like), &like, source),
        }
    }

    fn put(&mut self, key: String, value: Result<Value, String>, like: &Value, source: Source) {
        match value {
            Ok(value) => {
                if !self.entries.contains_key(&key) {
                    self.order.push(key.clone());
                }
                self.entries.insert(key, Entry { value, source });
            }
            Err(what) => self.problems.push(Problem {
                key: Some(key),
                source,
                what,
                cure: format!("give {}", like.kind()),
            }),
        }
    }

    fn unknown(&mut self, key: String, source: Source) {
        let nearest = self
            .order
            .iter()
            .map(|known| (strsim::jaro_winkler(known, &key), known))
            .max_by(|(a, _), (b, _)| a.total_cmp(b))
            .filter(|(likeness, _)| *likeness > 0.8)
            .map(|(_, known)| known);
        let cure = match (nearest, &source) {
            (Some(known), Source::Environment(_)) => format!("did you mean {}?", variable(known)),
            (Some(known), _) => format!("did you mean {known}?"),
            (None, _) => "remove it; `ntt-auth config print` lists every key".to_owned(),
        };
        let what = "there is no such setting".to_owned();
        self.problems.push(Problem {
            key: Some(key),
            source,
            what,
            cure,
        });
    }
}

/// The environment variable of a key.
pub(super) fn variable(key: &str) -> String {
    format!(
        "{ENVIRONMENT_PREFIX}{}",
        key.replace('.', "__").to_ascii_uppercase()
    )
}

fn open_name(key: &str) -> Option<&str> {
    key.strip_prefix(OPEN_SECTION)?
        .strip_prefix('.')
        .filter(|name| !name.is_empty())
}

struct Leaf<'t, 'i> {
    key: String,
    value: &'t DeValue<'i>,
    offset: usize,
}

fn flatten<'t, 'i>(table: &'t DeTable<'i>, prefix: &str, leaves: &mut Vec<Leaf<'t, 'i>>) {
    for (name, value) in table {
        let key = match prefix {
            "" => name.get_ref().clone().into_owned(),
            _ => format!("{prefix}.{}", name.get_ref()),
        };
        match value.get_ref() {
            DeValue::Table(inner) if !(inner.is_empty() && is_section(&key)) => {
                let before = leaves.len();
                flatten(inner, &key, leaves);
                // An empty section that nobody knows is a mistake too.
                if leaves.len() == before {
                    leaves.push(Leaf {
                        key,
                        value: value.get_ref(),
                        offset: name.span().start,
                    });
                }
            }
            DeValue::Table(_) => {}
            leaf => leaves.push(Leaf {
                key,
                value: leaf,
                offset: name.span().start,
            }),
        }
    }
}

fn is_section(key: &str) -> bool {
    REFERENCE.lines().any(|line| {
        line.strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            == Some(key)
    })
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text
        .bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
}
