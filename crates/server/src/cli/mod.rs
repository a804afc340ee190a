//! The command line (OPS-11). Commands that touch accounts and keys run the same flows as the API.

mod ask;
mod audit;
mod backup;
mod clock;
mod config;
mod confirm;
mod copy;
mod doctor;
mod export;
mod failure;
mod healthcheck;
mod import;
mod jobs;
mod keys;
mod mail;
mod new_file;
mod pages;
mod password;
mod passwords;
mod session;
mod stats;
mod table;
mod user;

use std::ffi::OsString;
use std::future::Future;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::settings::{self, Inputs, Settings};
use crate::start::{Installation, StartError, open_store};
use failure::Failure;

/// Where the flags that any command takes stand in its help.
const SETTINGS: &str = "Settings";

/// A self-hosted authentication server in one binary.
///
/// Without a command it serves. Every setting has a default; `ntt-auth config print` shows them all.
#[derive(Debug, Parser)]
#[command(name = "ntt-auth", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    settings: SettingFlags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Args)]
struct SettingFlags {
    /// Configuration file [default: ./ntt-auth.toml, if there is one]
    #[arg(long, short, global = true, value_name = "FILE", help_heading = SETTINGS)]
    config: Option<PathBuf>,
    /// How strict the server is: development, test or production
    #[arg(long, global = true, help_heading = SETTINGS)]
    profile: Option<String>,
    /// Folder for the database and the master key
    #[arg(long, global = true, value_name = "DIR", help_heading = SETTINGS)]
    data_dir: Option<String>,
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, global = true, value_name = "ADDRESS", help_heading = SETTINGS)]
    listen: Option<String>,
    /// Any setting, by its key; may be given again
    #[arg(long, short, global = true, value_name = "KEY=VALUE", value_parser = assignment, help_heading = SETTINGS)]
    set: Vec<(String, String)>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve (the default)
    Serve,
    /// Bring the database up to date, and do nothing else
    Migrate,
    /// Explain the configuration
    #[command(subcommand)]
    Config(config::Command),
    /// Manage accounts
    #[command(subcommand)]
    User(user::Command),
    /// See who is signed in, and end sessions
    #[command(subcommand)]
    Session(session::Command),
    /// Read, verify and export the audit trail
    #[command(subcommand)]
    Audit(audit::Command),
    /// Prepare the look-up of stolen passwords
    #[command(subcommand)]
    Passwords(passwords::Command),
    /// Show figures: accounts by state and role, registrations and sign-ins by day
    Stats(stats::Window),
    /// Look after jobs: mails that wait or were given up
    #[command(subcommand)]
    Jobs(jobs::Command),
    /// Manage the keys that sign tokens, and replace the master key
    #[command(subcommand)]
    Keys(keys::Command),
    /// Read or move the virtual clock of a running development or test server
    #[command(subcommand)]
    Clock(clock::Command),
    /// Import accounts from a file, also of other systems; docs/MIGRATING.md tells how to move from each
    Import(Box<import::Import>),
    /// Export all accounts to a file
    Export(export::Export),
    /// Try out mail, and change its words
    #[command(subcommand)]
    Mail(mail::Command),
    /// Make a backup, also beside a running server; docs/BACKUP.md tells what else to keep
    Backup(backup::BackupArgs),
    /// Put a backup in the place of the database; no server may be running
    Restore(backup::RestoreArgs),
    /// Copy everything to another database, also of another engine, and prove that both are equal
    ///
    /// No server may write the source meanwhile. Whoever is signed in stays signed in once the servers use the copy. An
    /// interrupted copy goes on where it stopped when the command is run again.
    Copy(copy::CopyArgs),
    /// Look at everything that this server needs, and say what is wrong and what cures it
    ///
    /// Changes nothing. A line each, beginning with ok, warn or FAIL; the exit status is 1 if anything failed.
    Doctor(doctor::DoctorArgs),
    /// Print the OpenAPI document of the API
    Openapi,
    /// Ask the configured server whether it is ready; for containers and supervisors
    Healthcheck,
    /// Print the completions of a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual, for man(1)
    Man(pages::Manual),
}

/// Runs the program: its arguments with its own name first, and its environment.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(message) => {
            // Help and version are printed to standard output, mistakes to standard error.
            let _ = message.print();
            return if message.use_stderr() {
                ExitCode::from(2)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let inputs = inputs(&cli, environment);
    match dispatch(cli.command.unwrap_or(Command::Serve), &inputs) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "ntt-auth: {failure}");
            ExitCode::from(failure.status())
        }
    }
}

fn dispatch(command: Command, inputs: &Inputs) -> Result<(), Failure> {
    match command {
        Command::Config(command) => config::run(&command, inputs),
        Command::Passwords(command) => passwords::run(command),
        Command::Openapi => print(ntt_auth_web::OPENAPI),
        Command::Backup(given) => backup::back_up_now(&given, &settings::load(inputs)?),
        Command::Restore(given) => backup::restore_now(&given, &settings::load(inputs)?),
        Command::Doctor(given) => doctor::run(&given, inputs),
        Command::Copy(given) => copy::run(&given, inputs, &settings::load(inputs)?),
        Command::Serve => Ok(crate::serve::run(&settings::load(inputs)?)?),
        Command::Migrate => {
            let settings = settings::load(inputs)?;
            let steps = wait(async {
                Ok(open_store(&settings)
                    .await?
                    .store
                    .migrate()
                    .await
                    .map_err(StartError::from)?)
            })?;
            print(&match steps {
                0 => "The database is up to date.\n".to_owned(),
                _ => format!("The database was brought up to date in {steps} steps.\n"),
            })
        }
        Command::Healthcheck => healthcheck::run(&settings::load(inputs)?),
        Command::Completions { shell } => pages::completions(shell),
        Command::Man(given) => pages::manual(&given),
        Command::Stats(window) => stats::run(&window, &settings::load(inputs)?),
        Command::Session(command) => session::run(command, &settings::load(inputs)?),
        Command::User(command) => user::run(command, &settings::load(inputs)?),
        Command::Clock(command) => clock::run(command, &settings::load(inputs)?),
        Command::Import(given) => import::run(*given, &settings::load(inputs)?),
        Command::Export(given) => export::run(&given, &settings::load(inputs)?),
        Command::Audit(command) => audit::run(command, &settings::load(inputs)?),
        Command::Jobs(command) => jobs::run(command, &settings::load(inputs)?),
        Command::Keys(command) => keys::run(&command, &settings::load(inputs)?),
        Command::Mail(command) => mail::run(command, &settings::load(inputs)?),
    }
}

fn inputs(cli: &Cli, environment: impl IntoIterator<Item = (OsString, OsString)>) -> Inputs {
    let mut flags = Vec::new();
    let mut flag = |flag: &str, key: &str, value: &Option<String>| {
        if let Some(value) = value {
            flags.push((flag.to_owned(), key.to_owned(), value.clone()));
        }
    };
    flag("--profile", "profile", &cli.settings.profile);
    flag("--data-dir", "data_dir", &cli.settings.data_dir);
    flag("--listen", "http.listen", &cli.settings.listen);
    for (key, value) in &cli.settings.set {
        flag("--set", key, &Some(value.clone()));
    }
    let text = |text: OsString| text.to_string_lossy().into_owned();
    Inputs {
        file: cli.settings.config.clone(),
        environment: environment
            .into_iter()
            .map(|(name, value)| (text(name), text(value)))
            .collect(),
        flags,
    }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.trim().to_owned(), value.to_owned()))
        .ok_or_else(|| "write KEY=VALUE, like http.max_body=65536".to_owned())
}

/// Waits, on this thread, for a command's answer.
fn wait<T>(answer: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::Threads)?;
    runtime.block_on(answer)
}

/// Opens the installation that the settings describe, for a command.
async fn open(settings: &Settings) -> Result<Installation, Failure> {
    Ok(Installation::open(settings, settings.http.listen).await?)
}

/// Prints a command's answer. Whoever closes the pipe early has read enough.
fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
