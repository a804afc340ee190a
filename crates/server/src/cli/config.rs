//! `ntt-auth config`

use std::fmt::Write as _;

use clap::Subcommand;

use super::{Failure, print, wait};
use crate::settings::{self, Delivery, Inputs, Mail, Profile};
use crate::start::{about_previous_key, previous_key_is_needed};

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
            let mut note = match settings.mail.delivery {
                Delivery::Off => format!("Note: {}.\n", Mail::OFF),
                Delivery::Outbox | Delivery::Smtp(_) => String::new(),
            };
            if let Some(is_needed) = wait(async { Ok(previous_key_is_needed(&settings).await?) })? {
                let _ = writeln!(note, "Note: {}.", about_previous_key(is_needed));
            }
            print(&format!(
                "The configuration is valid (profile {profile}).\n{note}"
            ))
        }
        Command::Print { json } => print(&settings::print(inputs, *json)?),
        Command::Schema => print(&settings::schema()),
    }
}
