//! The databases that are measured: an embedded one, and servers that are started for the run or named by whoever runs it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Failure, Result};
use crate::plan::Bench;
use crate::process::Server;

/// An engine that is a server of its own.
struct Kind {
    /// Its name.
    name: &'static str,
    /// Where whoever runs the tool names one.
    given: &'static str,
    /// By which name `scripts/test-servers` tells of it, and takes one that is there already.
    told: &'static str,
}

const KINDS: [Kind; 4] = [
    Kind {
        name: "PostgreSQL",
        given: "NTT_BENCH_POSTGRES_URL",
        told: "NTT_TEST_POSTGRES_URL",
    },
    Kind {
        name: "MariaDB",
        given: "NTT_BENCH_MARIADB_URL",
        told: "NTT_TEST_MYSQL_URL",
    },
    Kind {
        name: "MySQL",
        given: "NTT_BENCH_MYSQL_URL",
        told: "NTT_TEST_MYSQL8_URL",
    },
    Kind {
        name: "MongoDB",
        given: "NTT_BENCH_MONGODB_URL",
        told: "NTT_TEST_MONGODB_URL",
    },
];

const REDIS: Kind = Kind {
    name: "Redis",
    given: "NTT_BENCH_REDIS_URL",
    told: "NTT_TEST_REDIS_URL",
};

/// The folder that the script made, for its `stop`.
const FOLDER: &str = "NTT_TEST_SERVERS";

/// The secret with which figures are read.
pub(crate) const METRICS_TOKEN: &str = "the-bench-reads-figures-with-this";

/// The secret with which revocations are followed.
pub(crate) const FEED_TOKEN: &str = "the-bench-follows-revocations-with-this";

/// What is set beside the address of the database. One master key for all, so that several servers can work on one database.
const SETTINGS: [(&str, &str); 5] = [
    ("NTT_AUTH__PROFILE", "test"),
    ("NTT_AUTH__PASSWORD__BCRYPT_COST", "4"),
    (
        "NTT_AUTH__KEYS__MASTER_KEY",
        "bm90IGEgc2VjcmV0OiBmb3IgbWVhc3VyaW5nIG9ubHk=",
    ),
    ("NTT_AUTH__METRICS__TOKEN", METRICS_TOKEN),
    ("NTT_AUTH__REVOCATIONS__FEED_TOKEN", FEED_TOKEN),
];

/// A database.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its name and version, as the server under test finds them.
    pub(crate) title: String,
    url: String,
}

impl Engine {
    /// Starts ntt-auth on it, with a data folder that is called `place`.
    pub(crate) fn start(
        &self,
        bench: &Bench,
        place: &str,
        settings: &[(&str, &str)],
    ) -> Result<Server> {
        bench.start_ours(&self.folder(place), &self.settings(settings))
    }

    /// A command of ntt-auth on it, configured as [`Engine::start`] does.
    pub(crate) fn command(&self, bench: &Bench, place: &str) -> Result<Command> {
        bench.command_of_ours(&self.folder(place), &self.settings(&[]))
    }

    fn folder(&self, place: &str) -> String {
        format!("{}-{place}", self.name)
    }

    fn settings<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut settings = SETTINGS.to_vec();
        settings.push(("NTT_AUTH__DATABASE__URL", &self.url));
        settings.extend(more);
        settings
    }
}

/// All databases of a run. Those that were started for it end when this is dropped, and at the latest with this program.
pub(crate) struct Engines {
    /// SQLite first, then those that can be had.
    pub(crate) all: Vec<Engine>,
    /// The address of a Redis server, if one can be had.
    pub(crate) redis: Option<String>,
    script: PathBuf,
    folder: Option<OsString>,
}

impl Engines {
    /// Takes those that are named in the environment, and has `script` start the others among the data of the run.
    pub(crate) fn start(bench: &Bench, script: &Path) -> Result<Self> {
        let mut urls = start_servers(bench, script)?;
        let file = bench.folder("engines")?.join("ntt-auth.db");
        let mut engines = Self {
            redis: urls.remove(REDIS.told),
            script: script.to_owned(),
            folder: urls.remove(FOLDER).map(OsString::from),
            all: vec![Engine {
                name: "SQLite",
                title: String::new(),
                url: format!("sqlite:{}", file.display()),
            }],
        };
        if let Some(folder) = &engines.folder {
            end_after_this(script, folder)?;
        }
        for kind in &KINDS {
            match urls.remove(kind.told) {
                Some(url) => engines.all.push(Engine {
                    name: kind.name,
                    title: String::new(),
                    url,
                }),
                None => bench.say(&format!("{} is left out: it cannot be had", kind.name)),
            }
        }
        for engine in &mut engines.all {
            engine.title = title(bench, engine)?;
        }
        Ok(engines)
    }
}

impl Drop for Engines {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            // Nothing can be done about a failure any more, and the script says it.
            let _ = Command::new(&self.script)
                .arg("stop")
                .env(FOLDER, folder)
                .status();
        }
    }
}

/// Has the servers ended also if this program is killed or interrupted, which a `Drop` does not see.
fn end_after_this(script: &Path, folder: &OsString) -> Result<()> {
    let watch = "while kill -0 \"$1\" 2>/dev/null; do sleep 1; done; exec \"$2\" stop";
    Command::new("setsid")
        .args(["sh", "-c", watch, "sh", &std::process::id().to_string()])
        .arg(script)
        .env(FOLDER, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(drop)
        .map_err(Failure::while_("watching over the databases"))
}

/// Runs the script; addresses by the names by which it tells them.
fn start_servers(bench: &Bench, script: &Path) -> Result<BTreeMap<String, String>> {
    bench.say("starting databases that answer a commit when it is on the disk");
    let mut command = Command::new(script);
    command
        .arg("start")
        .env("NTT_TEST_DURABLE", "1")
        .env("TMPDIR", bench.place())
        .stderr(Stdio::inherit());
    let mut urls = BTreeMap::new();
    for kind in KINDS.iter().chain([&REDIS]) {
        command.env_remove(kind.told);
        if let Ok(url) = std::env::var(kind.given) {
            command.env(kind.told, &url);
            urls.insert(kind.told.to_owned(), url);
        }
    }
    let output = command
        .output()
        .map_err(Failure::while_(format!("starting {}", script.display())))?;
    if !output.status.success() {
        return Err(Failure::Unmet(format!(
            "{} failed: {}",
            script.display(),
            output.status
        )));
    }
    urls.extend(exports(&String::from_utf8_lossy(&output.stdout)));
    Ok(urls)
}

/// The pairs of lines like `export NAME='VALUE'`.
fn exports(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
        Some((name.to_owned(), value.trim_matches('\'').to_owned()))
    })
}

/// Name and version, as `ntt-auth doctor` tells them; the name alone where it does not.
fn title(bench: &Bench, engine: &Engine) -> Result<String> {
    let output = engine
        .command(bench, "doctor")?
        .arg("doctor")
        .output()
        .map_err(Failure::while_("running ntt-auth doctor"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let told = text
        .lines()
        .find_map(|line| line.split_once("database.version: "))
        .map_or(engine.name, |(_, what)| what.trim());
    // What a distribution appends to a version says nothing here.
    let short = told.split(['-', '(']).next().unwrap_or(told).trim();
    Ok(short.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_script_tells_is_read() {
        let text = "export NTT_TEST_REDIS_URL='redis://127.0.0.1:1'\nexport NTT_TEST_SERVERS=/a/b\nother\n";
        let pairs: Vec<(String, String)> = exports(text).collect();
        assert_eq!(pairs.len(), 2);
        assert_eq!(pairs[0].0, REDIS.told);
        assert_eq!(pairs[0].1, "redis://127.0.0.1:1");
        assert_eq!(pairs[1].1, "/a/b");
    }
}
