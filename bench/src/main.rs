//! `ntt-auth-bench`: measures ntt-auth beside a bare server of the same stack, on one machine, in one run.

mod accounts;
mod bare;
mod engines;
mod failure;
mod latency;
mod load;
mod machine;
mod measure;
mod plan;
mod process;
mod reference;
mod report;
mod request;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::failure::{Failure, Result};
use crate::machine::Machine;
use crate::measure::Part;
use crate::plan::{Bench, Scale};
use crate::report::{Page, Reasons, Report};

/// The bare server is to differ from ntt-auth in nothing below the router, so it allocates as ntt-auth does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures ntt-auth beside a bare server of the same stack.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Run>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Run {
    /// Serves fixed answers; the tool starts it by itself.
    Bare {
        /// The file that lists the routes.
        #[arg(long)]
        routes: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Options {
    /// The binary under test.
    #[arg(long, default_value = "target/dist/ntt-auth")]
    server: PathBuf,
    /// The program that fills a database with accounts.
    #[arg(long, default_value = "target/dist/examples/seed")]
    seed: PathBuf,
    /// The page to write.
    #[arg(long, default_value = "docs/performance.md")]
    report: PathBuf,
    /// The page to write about engines and several servers.
    #[arg(long, default_value = "docs/performance-engines.md")]
    engines_report: PathBuf,
    /// The program that starts databases.
    #[arg(long, default_value = "scripts/test-servers")]
    databases: PathBuf,
    /// Why numbers are not reached.
    #[arg(long, default_value = "bench/reasons.toml")]
    reasons: PathBuf,
    /// What `make torture` found.
    #[arg(long, default_value = "bench/torture.toml")]
    torture: PathBuf,
    /// Where databases are made for the run; should be the kind of disk that a server has.
    #[arg(long, default_value = "target/bench")]
    data: PathBuf,
    /// Everything once and short, to see that the tool works.
    #[arg(long)]
    quick: bool,
    /// Only these parts, separated by commas. A page is written anew if one of its parts is among them.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Also installs fastapi-users and measures it in the same run.
    #[arg(long, env = "PEERS", value_parser = clap::builder::BoolishValueParser::new())]
    peers: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Some(Run::Bare { routes }) => bare::serve(&routes),
        None => run(&arguments.options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&failure);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the table is what the tool is for")]
fn run(options: &Options) -> Result<()> {
    let reasons = Reasons::read(&options.reasons)?;
    let scale = if options.quick {
        Scale::QUICK
    } else {
        Scale::FULL
    };
    let parts = if options.only.is_empty() {
        Part::value_variants()
    } else {
        &options.only
    };
    let bench = Bench::new(&options.server, options.seed.clone(), &options.data, scale)?;
    let machine = Machine::here(&options.data);
    let write = |kind: Page, report: &Report, path: &Path| {
        println!("{machine}\n\n{}", report.table());
        let page = report.page(kind, &machine, &reasons, options.quick);
        fs::write(path, page).map_err(Failure::while_(format!("writing {}", path.display())))?;
        println!("written to {}", path.display());
        Ok(())
    };
    if parts.iter().any(|part| !part.is_about_engines()) || options.peers {
        let report = measure::measure(&bench, parts, options.peers)?;
        write(Page::Server, &report, &options.report)?;
    }
    if parts.iter().any(|part| part.is_about_engines()) {
        let endured = report::torture(&options.torture)?;
        let mut report = measure::measure_engines(&bench, parts, &options.databases)?;
        if let Some(endured) = endured {
            report.grid(endured);
        }
        write(Page::Engines, &report, &options.engines_report)?;
    }
    Ok(())
}

#[expect(
    clippy::print_stderr,
    reason = "a failure is told to whoever started the tool"
)]
fn tell(failure: &Failure) {
    eprintln!("ntt-auth-bench: {failure}");
}
