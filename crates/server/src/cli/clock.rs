//! `ntt-auth clock`: the virtual clock of a running development or test server.

use std::time::Duration;

use clap::Subcommand;
use http::{Method, StatusCode};
use ntt_auth_core::model::{FieldErrors, Invalid};
use serde_json::{Value, json};

use super::ask::{Answer, ask};
use super::{Failure, print};
use crate::settings::{Profile, Settings};

const PATH: &str = "/api/v1/test/clock";
/// A long journey in many steps does all background work after each.
const PATIENCE: Duration = Duration::from_mins(10);

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the running server's time
    Show {
        /// Print the answer as JSON
        #[arg(long)]
        json: bool,
    },
    /// Let time pass: tokens expire, locks lift, keys rotate, retention ends
    Advance {
        /// How much, like "90 min" or "30 days"
        by: String,
        /// In steps of this length, with all background work done after each
        #[arg(long)]
        step: Option<String>,
        /// Print the answer as JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: Command, settings: &Settings) -> Result<(), Failure> {
    if settings.profile == Profile::Production {
        return Err(Failure::Refused(
            "production has no virtual clock: it is for the profiles development and test"
                .to_owned(),
        ));
    }
    let (answer, json) = match command {
        Command::Show { json } => (ask(settings, PATIENCE, Method::GET, PATH, None)?, json),
        Command::Advance { by, step, json } => {
            let body = json!({ "advance": by, "step": step });
            let answer = ask(settings, PATIENCE, Method::POST, PATH, Some(&body))?;
            (answer, json)
        }
    };
    let clock = accepted(&answer)?;
    if json {
        return print(&format!("{clock}\n"));
    }
    print(&format!(
        "{}, {} s ahead of the system\n",
        clock.get("now").and_then(Value::as_str).unwrap_or_default(),
        clock
            .get("aheadSeconds")
            .and_then(Value::as_u64)
            .unwrap_or_default(),
    ))
}

fn accepted(answer: &Answer) -> Result<Value, Failure> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match answer.status {
        StatusCode::OK => Ok(body),
        StatusCode::NOT_FOUND => Err(Failure::Refused(format!(
            "{} has no virtual clock for this machine: it runs in production, or testing.allow_from does not name it",
            answer.address
        ))),
        StatusCode::UNPROCESSABLE_ENTITY => Err(Failure::Invalid(mistakes(&body))),
        status => Err(Failure::Refused(format!(
            "{} answered {status}",
            answer.address
        ))),
    }
}

/// What the server does not accept, each with the field that it is about.
fn mistakes(body: &Value) -> FieldErrors {
    let mut mistakes = FieldErrors::new();
    let errors = body.get("errors").and_then(Value::as_array);
    for error in errors.into_iter().flatten() {
        let [field, message] = ["field", "message"]
            .map(|name| error.get(name).and_then(Value::as_str).unwrap_or_default());
        mistakes.add(
            field.to_owned(),
            Invalid::with("invalid", message.to_owned()),
        );
    }
    mistakes
}
