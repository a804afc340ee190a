//! `ntt-auth-bench`: measures ntt-auth beside a bare server of the same stack, on one machine, in one run.

mod accounts;
mod bare;
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
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::failure::{Failure, Result};
use crate::machine::Machine;
use crate::measure::Part;
use crate::plan::{Bench, Scale};
use crate::report::Reasons;

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
    /// The release binary under test.
    #[arg(long, default_value = "target/release/ntt-auth")]
    server: PathBuf,
    /// The program that fills a database with accounts.
    #[arg(long, default_value = "target/release/examples/seed")]
    seed: PathBuf,
    /// The page to write.
    #[arg(long, default_value = "docs/performance.md")]
    report: PathBuf,
    /// Why numbers are not reached.
    #[arg(long, default_value = "bench/reasons.toml")]
    reasons: PathBuf,
    /// Where databases are made for the run; should be the kind of disk that a server has.
    #[arg(long, default_value = "target/bench")]
    data: PathBuf,
    /// Everything once and short, to see that the tool works.
    #[arg(long)]
    quick: bool,
    /// Only these parts, separated by commas.
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
    let report = measure::measure(&bench, parts, options.peers)?;
    println!("{machine}\n\n{}", report.table());
    let page = report.page(&machine, &reasons, options.quick);
    fs::write(&options.report, page).map_err(Failure::while_(format!(
        "writing {}",
        options.report.display()
    )))?;
    println!("written to {}", options.report.display());
    Ok(())
}

#[expect(
    clippy::print_stderr,
    reason = "a failure is told to whoever started the tool"
)]
fn tell(failure: &Failure) {
    eprintln!("ntt-auth-bench: {failure}");
}
