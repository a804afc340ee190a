//! Where templates come from, and what is said of a broken one.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use minijinja::{Error, ErrorKind};
use ntt_auth_core::model::LocaleTag;

use super::letter_names;

/// What the first line of a text begins with.
const SUBJECT: &str = "Subject:";

macro_rules! templates {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../../templates/", $name)))),*]
    };
}

const COMPILED_IN: &[(&str, &str)] = templates![
    "layout.html",
    "en/base.html",
    "en/base.txt",
    "en/button.html",
    "en/verify-email.html",
    "en/verify-email.txt",
    "en/reset-password.html",
    "en/reset-password.txt",
    "en/account-exists.html",
    "en/account-exists.txt",
    "en/confirm-email-change.html",
    "en/confirm-email-change.txt",
    "en/email-changed.html",
    "en/email-changed.txt",
    "en/password-changed.html",
    "en/password-changed.txt",
    "en/new-device.html",
    "en/new-device.txt",
    "ja/base.html",
    "ja/base.txt",
    "ja/button.html",
    "ja/verify-email.html",
    "ja/verify-email.txt",
    "ja/reset-password.html",
    "ja/reset-password.txt",
    "ja/account-exists.html",
    "ja/account-exists.txt",
    "ja/confirm-email-change.html",
    "ja/confirm-email-change.txt",
    "ja/email-changed.html",
    "ja/email-changed.txt",
    "ja/password-changed.html",
    "ja/password-changed.txt",
    "ja/new-device.html",
    "ja/new-device.txt",
];

/// The templates that are compiled in: name and text.
pub fn default_templates() -> &'static [(&'static str, &'static str)] {
    COMPILED_IN
}

/// A template and where it came from.
pub(super) struct Source {
    pub(super) text: String,
    /// None: compiled in.
    pub(super) file: Option<PathBuf>,
}

/// What is wrong with a template, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The folder or a file cannot be read.
    #[error("{} cannot be read: {cause}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file that no mail is made from.
    #[error("{} is no template: {why}", path.display())]
    Unknown {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// It does not parse, or does not render.
    #[error("{place}{}: {what}", line.map(|line| format!(":{line}")).unwrap_or_default())]
    Broken {
        /// The file, or the name of the compiled-in template.
        place: String,
        /// The line in it, counted from one.
        line: Option<usize>,
        /// What is wrong.
        what: String,
    },
}

impl TemplateError {
    pub(super) fn broken(sources: &BTreeMap<String, Source>, name: &str, error: &Error) -> Self {
        // An error of an included or extended template names that one.
        let name = error.name().unwrap_or(name);
        let mut what = match error.detail() {
            Some(detail) => format!("{}: {detail}", error.kind()),
            None => error.kind().to_string(),
        };
        if let Some(cause) = std::error::Error::source(error) {
            what = format!("{what}: {cause}");
        }
        Self::Broken {
            place: place(sources, name),
            line: error.line(),
            what,
        }
    }

    pub(super) fn half(sources: &BTreeMap<String, Source>, name: &str, twin: &str) -> Self {
        Self::Broken {
            place: place(sources, name),
            line: None,
            what: format!("a mail has a text and an HTML form; {twin} is not there"),
        }
    }
}

fn place(sources: &BTreeMap<String, Source>, name: &str) -> String {
    match sources.get(name).and_then(|source| source.file.as_ref()) {
        Some(file) => file.display().to_string(),
        None => format!("the built-in {name}"),
    }
}

pub(super) fn compiled_in() -> BTreeMap<String, Source> {
    COMPILED_IN
        .iter()
        .map(|(name, text)| {
            let source = Source {
                text: (*text).to_owned(),
                file: None,
            };
            ((*name).to_owned(), source)
        })
        .collect()
}

/// Reads the operator's folder: `layout.html`, and a folder for each language.
pub(super) fn read(folder: &Path) -> Result<BTreeMap<String, Source>, TemplateError> {
    let mut sources = BTreeMap::new();
    for path in entries(folder)? {
        let name = file_name(&path);
        if !path.is_dir() {
            if name != "layout.html" {
                let why = "beside layout.html there are only folders, one for each language";
                return Err(unknown(path, why));
            }
            sources.insert(name, source(path)?);
            continue;
        }
        if !LocaleTag::parse(&name).is_ok_and(|tag| tag.as_str() == name) {
            return Err(unknown(
                path,
                "a folder is named by a language, like ja or pt-BR",
            ));
        }
        for file in entries(&path)? {
            let of = file_name(&file);
            let stem = of
                .strip_suffix(".txt")
                .or_else(|| of.strip_suffix(".html"))
                .unwrap_or_default();
            if !(matches!(stem, "base" | "button") || letter_names().any(|letter| letter == stem)) {
                let letters: Vec<&str> = letter_names().collect();
                let why = format!(
                    "there is base, button, and one .txt and .html for each of {}",
                    letters.join(", ")
                );
                return Err(unknown(file, why));
            }
            sources.insert(format!("{name}/{of}"), source(file)?);
        }
    }
    Ok(sources)
}

/// What is in a folder, but not what editors and version control leave there.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, TemplateError> {
    let unreadable = |cause| TemplateError::Unreadable {
        path: folder.to_owned(),
        cause,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = file_name(&path);
        if !(name.starts_with('.') || name.ends_with('~')) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn source(path: PathBuf) -> Result<Source, TemplateError> {
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Source {
            text,
            file: Some(path),
        }),
        Err(cause) => Err(TemplateError::Unreadable { path, cause }),
    }
}

fn unknown(path: PathBuf, why: impl Into<String>) -> TemplateError {
    TemplateError::Unknown {
        path,
        why: why.into(),
    }
}

/// Takes the subject off a rendered text. What is left begins with its first word and ends with a line break.
pub(super) fn subject_of(text: &str) -> Result<(String, String), Error> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let subject = first
        .strip_prefix(SUBJECT)
        .map(|subject| subject.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|subject| !subject.is_empty())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidOperation,
                "the first line of a text is its subject: `Subject: …`",
            )
        })?;
    Ok((subject, format!("{}\n", rest.trim())))
}
