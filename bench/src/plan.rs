//! How long everything runs, and where it finds what it needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit};
use tempfile::TempDir;

use crate::bare::Fixed;
use crate::failure::{Failure, Result};
use crate::process::Server;

/// Files and sockets that 1000 connections need in one process, with room to spare.
const OPEN_FILES: u64 = 2048;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    /// Rounds of each alternating comparison.
    pub(crate) rounds: usize,
    /// Length of a round.
    pub(crate) round: Duration,
    /// Length of the warm-up before a round.
    pub(crate) warm_up: Duration,
    /// Length of the run at a fixed rate.
    pub(crate) open_loop: Duration,
    /// Access tokens of which each is validated once.
    pub(crate) uncached_tokens: usize,
    /// Starts of which the median is taken.
    pub(crate) starts: usize,
    /// The cost of bcrypt for the passwords that are measured.
    pub(crate) bcrypt_cost: u32,
    /// Length of the run of logins.
    pub(crate) logins: Duration,
    /// Logins and hashes that are compared one to one.
    pub(crate) lone_logins: usize,
    /// Length of the overload.
    pub(crate) overload: Duration,
    /// Rounds of validation without and with a storm of logins.
    pub(crate) storm_rounds: usize,
    /// Length of each.
    pub(crate) storm: Duration,
    /// Few accounts, and many.
    pub(crate) accounts: (usize, usize),
    /// Rounds with few accounts, and with many.
    pub(crate) look_up_rounds: usize,
    /// Length of each.
    pub(crate) look_up_round: Duration,
    /// Accounts that are moved in and out.
    pub(crate) moved: usize,
    /// Rounds on each engine.
    pub(crate) engine_rounds: usize,
    /// Length of each.
    pub(crate) engine_round: Duration,
    /// Revocations with several servers on one database.
    pub(crate) revocations: usize,
    /// Requests a second that each of those servers has to answer beside.
    pub(crate) node_load: f64,
}

impl Scale {
    /// What the report is made of: some fifteen minutes.
    pub(crate) const FULL: Self = Self {
        rounds: 5,
        round: Duration::from_secs(2),
        warm_up: Duration::from_millis(500),
        open_loop: Duration::from_secs(10),
        uncached_tokens: 30_000,
        starts: 10,
        bcrypt_cost: 12,
        logins: Duration::from_secs(20),
        lone_logins: 10,
        overload: Duration::from_secs(10),
        storm_rounds: 3,
        storm: Duration::from_secs(8),
        accounts: (1000, 1_000_000),
        look_up_rounds: 20,
        look_up_round: Duration::from_millis(250),
        moved: 100_000,
        engine_rounds: 3,
        engine_round: Duration::from_millis(1200),
        revocations: 216,
        node_load: 400.0,
    };

    /// Everything once and short: shows that the tool works, and nothing else.
    pub(crate) const QUICK: Self = Self {
        rounds: 1,
        round: Duration::from_millis(400),
        warm_up: Duration::from_millis(100),
        open_loop: Duration::from_millis(500),
        uncached_tokens: 500,
        starts: 2,
        bcrypt_cost: 6,
        logins: Duration::from_secs(3),
        lone_logins: 2,
        overload: Duration::from_secs(1),
        storm_rounds: 1,
        storm: Duration::from_secs(1),
        accounts: (500, 2000),
        look_up_rounds: 1,
        look_up_round: Duration::from_millis(200),
        moved: 2000,
        engine_rounds: 1,
        engine_round: Duration::from_millis(200),
        revocations: 18,
        node_load: 100.0,
    };
}

/// What all measurements share.
pub(crate) struct Bench {
    /// How much is measured.
    pub(crate) scale: Scale,
    /// The program that fills a database with accounts.
    pub(crate) seed: PathBuf,
    server: PathBuf,
    data: TempDir,
    started: Instant,
}

impl Bench {
    /// Prepares a run of the server `server` with its data below `data`.
    pub(crate) fn new(
        server: &PathBuf,
        seed: PathBuf,
        data: &PathBuf,
        scale: Scale,
    ) -> Result<Self> {
        allow_open_files()?;
        let server = fs::canonicalize(server).map_err(Failure::while_(format!(
            "looking for {}; build it first (`make bench` does)",
            server.display()
        )))?;
        let place = || Failure::while_(format!("making a folder in {}", data.display()));
        fs::create_dir_all(data).map_err(place())?;
        let data = fs::canonicalize(data).map_err(place())?;
        let data = tempfile::Builder::new()
            .prefix("run-")
            .tempdir_in(&data)
            .map_err(place())?;
        Ok(Self {
            scale,
            seed,
            server,
            data,
            started: Instant::now(),
        })
    }

    /// The binary under test.
    pub(crate) fn binary(&self) -> &PathBuf {
        &self.server
    }

    /// A folder of that name among the data of this run; made if it is not there.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.data.path().join(name);
        fs::create_dir_all(&folder)
            .map_err(Failure::while_(format!("making {}", folder.display())))?;
        Ok(folder)
    }

    /// The folder that holds the data of runs.
    pub(crate) fn place(&self) -> &Path {
        self.data.path().parent().unwrap_or(self.data.path())
    }

    /// A folder of that name beside the data, which outlives this run.
    pub(crate) fn lasting_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.data.path().with_file_name(name);
        fs::create_dir_all(&folder)
            .map_err(Failure::while_(format!("making {}", folder.display())))?;
        Ok(folder)
    }

    /// Starts ntt-auth on the data in the folder `data`, with its defaults but for the rate limits and `settings`.
    pub(crate) fn start_ours(&self, data: &str, settings: &[(&str, &str)]) -> Result<Server> {
        let log = self.folder(data)?.join("log");
        Server::start("ntt-auth", self.command_of_ours(data, settings)?, &log)
    }

    /// A command of ntt-auth on the data in the folder `data`, configured as [`Bench::start_ours`] does.
    pub(crate) fn command_of_ours(&self, data: &str, settings: &[(&str, &str)]) -> Result<Command> {
        let folder = self.folder(data)?;
        let mut command = Command::new(&self.server);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("NTT_AUTH__") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(&folder)
            .env("NTT_AUTH__HTTP__LISTEN", "127.0.0.1:0")
            .env("NTT_AUTH__HTTP__DRAIN", "0s")
            .env("NTT_AUTH__DATA_DIR", &folder)
            .env(
                "NTT_AUTH__DATABASE__URL",
                format!("sqlite:{}", folder.join("ntt-auth.db").display()),
            )
            // Otherwise the issuer would be the port of this start, and tokens of another start would be foreign.
            .env("NTT_AUTH__PUBLIC_URL", "http://localhost:8080")
            .env("NTT_AUTH__RATE_LIMITS__ENABLED", "false")
            .envs(settings.iter().copied());
        Ok(command)
    }

    /// Starts the bare server with those routes.
    pub(crate) fn start_bare(&self, routes: &[Fixed]) -> Result<Server> {
        let folder = self.folder("bare")?;
        let file = folder.join("routes.json");
        let text = serde_json::to_string(routes)
            .map_err(|error| Failure::Unmet(format!("writing routes: {error}")))?;
        fs::write(&file, text).map_err(Failure::while_(format!("writing {}", file.display())))?;
        let this = std::env::current_exe().map_err(Failure::while_("looking for this program"))?;
        let mut command = Command::new(this);
        command.arg("bare").arg("--routes").arg(&file);
        Server::start("the bare server", command, &folder.join("log"))
    }

    /// Says on standard error what runs now.
    #[expect(
        clippy::print_stderr,
        reason = "progress is for the person at the terminal"
    )]
    pub(crate) fn say(&self, what: &str) {
        eprintln!("[{:>4} s] {what}", self.started.elapsed().as_secs());
    }
}

/// Raises the limit of open files as far as it goes; the servers inherit it.
fn allow_open_files() -> Result<()> {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|maximum| maximum < OPEN_FILES) {
        return Err(Failure::Unmet(format!(
            "1000 connections need {OPEN_FILES} open files, and the hard limit is below: raise it (`ulimit -Hn`)"
        )));
    }
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    rustix::process::setrlimit(Resource::Nofile, raised)
        .map_err(|error| Failure::while_("raising the limit of open files")(error.into()))
}
