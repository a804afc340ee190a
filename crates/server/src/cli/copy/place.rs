//! Which databases are meant.

use std::fs;
use std::path::Path;

use zeroize::Zeroizing;

use super::super::Failure;
use super::say;
use crate::settings::{Database, Inputs, Profile, Protection, Settings, database};

/// One of the two sides.
pub(super) struct Side {
    name: &'static str,
    flag: &'static str,
    variable: &'static str,
}

pub(super) const FROM: Side = Side {
    name: "the source",
    flag: "--from",
    variable: "NTT_AUTH_COPY_FROM",
};
pub(super) const TO: Side = Side {
    name: "the target",
    flag: "--to",
    variable: "NTT_AUTH_COPY_TO",
};

impl Side {
    /// The URL that was given, in one of three ways.
    pub(super) fn given(
        &self,
        url: Option<&String>,
        file: Option<&Path>,
        inputs: &Inputs,
    ) -> Result<Option<Zeroizing<String>>, Failure> {
        if let Some(url) = url {
            return Ok(Some(Zeroizing::new(url.clone())));
        }
        if let Some(file) = file {
            let text = fs::read_to_string(file).map(Zeroizing::new);
            let text = text.map_err(|error| {
                Failure::File(format!("{} cannot be read: {error}", file.display()))
            })?;
            return Ok(Some(Zeroizing::new(text.trim().to_owned())));
        }
        let variable = inputs
            .environment
            .iter()
            .find(|(name, _)| name == self.variable);
        Ok(variable.map(|(_, url)| Zeroizing::new(url.clone())))
    }
}

/// A database on one side.
pub(super) struct Place {
    /// "the source", "the target"
    pub(super) name: &'static str,
    pub(super) database: Database,
}

impl Place {
    pub(super) fn new(
        side: &Side,
        url: Option<Zeroizing<String>>,
        settings: &Settings,
    ) -> Result<Self, Failure> {
        let refused = |what: &str, cure: &str| {
            // The URL is not repeated: it may hold a password.
            Failure::Unacceptable(format!("{}: {what}; {cure}", side.flag))
        };
        let chosen = match url {
            Some(url) => database(&url).map_err(|(what, cure)| refused(&what, &cure))?,
            None => settings.database.clone(),
        };
        match &chosen {
            Database::Memory => Err(refused(
                "a database in memory ends with this command",
                "name a file or a server",
            )),
            Database::Server(url) if url.protection() == Protection::Unverified => {
                let what =
                    "its certificate is not checked: whoever can stand in between reads everything";
                if settings.profile == Profile::Production {
                    return Err(refused(
                        what,
                        "leave TLS out of the URL, which has it checked",
                    ));
                }
                say(&format!("{}: {what}.", side.flag));
                Ok(())
            }
            Database::File(_) | Database::Server(_) => Ok(()),
        }?;
        Ok(Self {
            name: side.name,
            database: chosen,
        })
    }

    /// Whether both are plainly the same. That they are, by different names, is found later: only one of them may be empty.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (&self.database, &other.database) {
            (Database::File(one), Database::File(another)) => {
                let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
                real(one) == real(another)
            }
            (one, another) => one == another,
        }
    }
}
