//! `ntt-auth export`

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use ntt_auth_core::flow::{Actor, ExportUsers, ExportUsersError};
use ntt_auth_core::model::Client;
use ntt_auth_core::transfer;

use super::new_file::new_file;
use super::{Failure, open, wait};
use crate::settings::Settings;

#[derive(Debug, Args)]
pub(super) struct Export {
    /// File to write, which must not be there yet; - writes to standard output
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// What to write
    #[arg(long, default_value = "jsonl", value_parser = format())]
    format: transfer::ExportFormat,
    /// Also write password hashes: whoever reads the file can try to guess passwords
    #[arg(long)]
    with_hashes: bool,
}

fn format() -> impl TypedValueParser<Value = transfer::ExportFormat> {
    PossibleValuesParser::new(transfer::ExportFormat::ALL.map(transfer::ExportFormat::as_str))
        .try_map(|name| name.parse().map_err(|()| "not a format"))
}

pub(super) fn run(given: &Export, settings: &Settings) -> Result<(), Failure> {
    let export = transfer::Export {
        format: given.format,
        with_hashes: given.with_hashes,
    };
    let standard = given.to.as_os_str() == "-";
    let written = wait(async {
        let auth = open(settings).await?.auth;
        let mut users =
            ExportUsers::begin(&auth, Actor::Operator, &Client::default(), export).await?;
        let mut out: Box<dyn Write> = match standard {
            true => Box::new(io::BufWriter::new(io::stdout())),
            false => Box::new(io::BufWriter::new(new_file(&given.to)?)),
        };
        let mut count = 0_u64;
        out.write_all(&export.head()).map_err(Failure::Output)?;
        loop {
            let page = users.page(&auth).await?;
            if page.is_empty() {
                break;
            }
            for user in &page {
                out.write_all(&export.row(user)).map_err(Failure::Output)?;
                count += 1;
            }
        }
        out.flush().map_err(Failure::Output)?;
        Ok(count)
    })?;
    let _ = writeln!(io::stderr(), "{written} accounts were exported.");
    Ok(())
}

impl From<ExportUsersError> for Failure {
    fn from(error: ExportUsersError) -> Self {
        match error {
            ExportUsersError::Fault(fault) => Self::Fault(fault),
            other @ ExportUsersError::Forbidden => Self::Refused(other.to_string()),
        }
    }
}
