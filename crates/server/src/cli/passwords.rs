//! `ntt-auth passwords`

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::table::counted;
use super::{Failure, print};
use crate::breach;
use crate::telemetry::Chain;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make the filter file of stolen passwords for the setting `password.breach_filter`
    Filter(Filter),
}

#[derive(Debug, Args)]
pub(super) struct Filter {
    /// List to read: on each line a password, or a SHA-1 in hexadecimal, with :COUNT or without
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Filter file to write
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Leave out digests that were seen less often
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    min_count: u64,
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    let Command::Filter(Filter {
        from,
        to,
        min_count,
    }) = command;
    let bar = bar(std::fs::metadata(&from).map_or(0, |file| file.len()));
    let count = breach::build(&from, &to, min_count, |octets| bar.inc(octets));
    bar.finish_and_clear();
    let count = count.map_err(|error| Failure::File(Chain(&error).to_string()))?;
    print(&format!(
        "{} holds {}; name it in password.breach_filter.\n",
        to.display(),
        counted(
            u64::try_from(count).unwrap_or(u64::MAX),
            "password",
            "passwords"
        )
    ))
}

fn bar(octets: u64) -> ProgressBar {
    let target = match io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(Some(octets), target);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
