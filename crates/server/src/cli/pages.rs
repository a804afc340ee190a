//! What a shell and `man` learn of the command line: `ntt-auth completions` and `ntt-auth man`.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{Cli, Failure, print};

#[derive(Debug, Args)]
pub(super) struct Manual {
    /// Write a page for each command into this folder, instead of printing the first
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
}

/// The completions of a shell.
pub(super) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ntt-auth", &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// The manual.
pub(super) fn manual(given: &Manual) -> Result<(), Failure> {
    let command = Cli::command();
    match &given.into {
        None => {
            let mut page = Vec::new();
            Man::new(command)
                .render(&mut page)
                .map_err(Failure::Output)?;
            print(&String::from_utf8_lossy(&page))
        }
        // Pages are named as those of git: `ntt-auth-user-list.1`.
        Some(folder) => std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(command, folder))
            .map_err(Failure::Output),
    }
}
