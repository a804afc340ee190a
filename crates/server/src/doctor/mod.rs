//! What is wrong with an installation, and what cures it. Looking changes nothing.

mod database;
mod engine;
mod files;
mod keys;
mod mail;

use std::fmt;
use std::sync::Arc;

use ntt_auth_core::port::Clock;

use crate::settings::{Profile, Settings};

/// How it stands with one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and something should be done all the same.
    Warn,
    /// It does not work, or must not be.
    Fail,
}

impl Level {
    /// Its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What was found out about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How it stands.
    pub level: Level,
    /// About what: a name that stays.
    pub check: &'static str,
    /// What was found.
    pub what: String,
    /// What cures it, where that is needed.
    pub cure: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        write!(f, "{level:<4} {}: {}", self.check, self.what)?;
        match &self.cure {
            Some(cure) => write!(f, " — {cure}"),
            None => Ok(()),
        }
    }
}

/// Everything that was found out so far.
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    pub(crate) fn ok(&mut self, check: &'static str, what: impl Into<String>) {
        self.add(Level::Ok, check, what.into(), None);
    }

    pub(crate) fn warn(
        &mut self,
        check: &'static str,
        what: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.add(Level::Warn, check, what.into(), Some(cure.into()));
    }

    pub(crate) fn fail(
        &mut self,
        check: &'static str,
        what: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.add(Level::Fail, check, what.into(), Some(cure.into()));
    }

    /// A failure whose text tells its cure.
    pub(crate) fn failed(&mut self, check: &'static str, what: impl Into<String>) {
        self.add(Level::Fail, check, what.into(), None);
    }

    fn add(&mut self, level: Level, check: &'static str, what: String, cure: Option<String>) {
        self.0.push(Finding {
            level,
            check,
            what,
            cure,
        });
    }
}

/// Looks at everything that the settings name.
pub async fn examine(settings: &Settings, clock: Arc<dyn Clock>) -> Vec<Finding> {
    let mut findings = Findings::default();
    configuration(settings, &mut findings);
    let now = clock.now();
    files::examine(settings, now, &mut findings);
    let store = database::examine(settings, clock, &mut findings).await;
    keys::examine(settings, store.as_deref(), now, &mut findings).await;
    mail::examine(settings, &mut findings).await;
    findings.0
}

fn configuration(settings: &Settings, findings: &mut Findings) {
    let profile = match settings.profile {
        Profile::Development => "development",
        Profile::Test => "test",
        Profile::Production => "production",
    };
    findings.ok("configuration", format!("valid, profile {profile}"));
    for (key, path) in &settings.exposed {
        findings.warn(
            "configuration",
            format!(
                "{key} names {}, which others on this machine can read",
                path.display()
            ),
            format!("run: chmod 600 {}", path.display()),
        );
    }
    match &settings.public_url {
        Some(url) => findings.ok("public_url", url.as_str()),
        None => findings.warn(
            "public_url",
            "not set: tokens and links name the address that the server listens on",
            "set public_url to the address that browsers use",
        ),
    }
}
