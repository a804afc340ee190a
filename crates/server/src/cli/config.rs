//! `ntt-auth config`

use clap::Subcommand;

use super::{Failure, print};
use crate::settings::{self, Delivery, Inputs, Mail, Profile};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check the configuration and explain every problem
    Check,
    /// Print every setting in force and where it came from; secrets are masked
    Print {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of the configuration file
    Schema,
}

pub(super) fn run(command: &Command, inputs: &Inputs) -> Result<(), Failure> {
    match command {
        Command::Check => {
            let settings = settings::load(inputs)?;
            let profile = match settings.profile {
                Profile::Development => "development",
                Profile::Test => "test",
                Profile::Production => "production",
            };
            let note = match settings.mail.delivery {
                Delivery::Off => format!("Note: {}.\n", Mail::OFF),
                Delivery::Outbox | Delivery::Smtp(_) => String::new(),
            };
            print(&format!(
                "The configuration is valid (profile {profile}).\n{note}"
            ))
        }
        Command::Print { json } => print(&settings::print(inputs, *json)?),
        Command::Schema => print(&settings::schema()),
    }
}
