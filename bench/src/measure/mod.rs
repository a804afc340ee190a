//! The measurements, one number a file.

mod admin;
mod engines;
mod login;
mod move_in;
mod nodes;
mod peers;
mod refresh;
mod scale;
mod side_by_side;
mod start_up;
mod storm;
mod uncached;
mod validate;

use std::net::SocketAddr;
use std::path::Path;

use clap::ValueEnum;

use crate::accounts::{self, Session};
use crate::bare::Fixed;
use crate::engines::Engines;
use crate::failure::{Failure, Result};
use crate::load::{Kept, ask};
use crate::plan::Bench;
use crate::report::Report;

pub(crate) use self::side_by_side::Comparison;

/// Accounts with a session each, made before anything is measured.
const SESSIONS: usize = 1000;

/// Settings for making many accounts quickly; measurements of validation and refreshing never hash.
const CHEAP_PASSWORDS: [(&str, &str); 2] = [
    ("NTT_AUTH__PROFILE", "test"),
    ("NTT_AUTH__PASSWORD__BCRYPT_COST", "4"),
];

/// The folder of the database with those accounts.
const POPULATED: &str = "populated";

/// A part of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// NUM-1: validation of cached tokens.
    Validate,
    /// NUM-1: validation of tokens that the server has not seen.
    Uncached,
    /// NUM-8: refresh rotations.
    Refresh,
    /// NUM-4: start-up, memory, size.
    StartUp,
    /// NUM-2 and NUM-3: logins, overload, and validation beside them.
    Login,
    /// NUM-5: look-ups, lists and searches with a million accounts.
    Scale,
    /// ACC-12: accounts moved in and out.
    MoveIn,
    /// The same work on every engine.
    Engines,
    /// NUM-6: three servers on one database, each engine.
    Nodes,
}

impl Part {
    /// Whether it needs the databases that are servers of their own, and is told on the page about them.
    pub(crate) fn is_about_engines(self) -> bool {
        matches!(self, Self::Engines | Self::Nodes)
    }
}

/// Measures those of the parts that are about one server on SQLite, and the peers if asked for.
pub(crate) fn measure(bench: &Bench, parts: &[Part], peers: bool) -> Result<Report> {
    let mut report = Report::default();
    let mut sessions = populate(bench)?;
    for part in parts {
        match part {
            Part::Validate => validate::measure(bench, &sessions, &mut report)?,
            Part::Uncached => uncached::measure(bench, &mut sessions, &mut report)?,
            Part::Refresh => refresh::measure(bench, &mut sessions, &mut report)?,
            Part::StartUp => start_up::measure(bench, &sessions, &mut report)?,
            Part::Login => login::measure(bench, &mut report)?,
            Part::Scale => scale::measure(bench, &mut report)?,
            Part::MoveIn => move_in::measure(bench, &mut report)?,
            Part::Engines | Part::Nodes => {}
        }
    }
    if peers {
        peers::measure(bench, &sessions, &mut report)?;
    }
    Ok(report)
}

/// Measures those of the parts that are about engines, on databases that `script` starts.
pub(crate) fn measure_engines(bench: &Bench, parts: &[Part], script: &Path) -> Result<Report> {
    let mut report = Report::default();
    let engines = Engines::start(bench, script)?;
    for part in parts {
        match part {
            Part::Engines => engines::measure(bench, &engines, &mut report)?,
            Part::Nodes => nodes::measure(bench, &engines, &mut report)?,
            _ => {}
        }
    }
    Ok(report)
}

/// Makes the accounts and signs each in.
fn populate(bench: &Bench) -> Result<Vec<Session>> {
    bench.say(&format!("making {SESSIONS} accounts with a session each"));
    let server = bench.start_ours(POPULATED, &CHEAP_PASSWORDS)?;
    let accounts = accounts::register(server.address, SESSIONS)?;
    let sessions = accounts::sign_in(server.address, &accounts)?;
    server.stop()?;
    Ok(sessions)
}

/// The one answer to one request, which must have status 200.
fn ask_one(server: SocketAddr, name: &'static str, request: Vec<u8>) -> Result<Kept> {
    let answer = ask(server, 1, &[request])?
        .pop()
        .ok_or_else(|| Failure::Unmet(format!("no answer to {name}")))?;
    accounts::expect(server, name, &answer, &[200])?;
    Ok(answer)
}

/// A route of the bare server that answers just as ntt-auth did.
fn same_answer(method: &str, path: &str, answer: &Kept) -> Fixed {
    // The stack itself adds these.
    let of_the_stack = ["date", "content-length", "connection"];
    Fixed {
        method: method.to_owned(),
        path: path.to_owned(),
        status: answer.status,
        headers: answer
            .headers
            .iter()
            .filter(|(name, _)| !of_the_stack.contains(&name.as_str()))
            .cloned()
            .collect(),
        body: String::from_utf8_lossy(&answer.body).into_owned(),
        verify: None,
    }
}
