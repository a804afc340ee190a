//! `ntt-auth audit`: reading, verifying and exporting the audit trail.

mod export;
mod list;
mod verify;

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use ntt_auth_core::Auth;
use ntt_auth_core::audit::checkpoint_text;
use ntt_auth_core::flow::{checkpoint_audit, checkpoint_key};
use ntt_auth_core::model::{Timestamp, UserId};
use serde_json::json;

use super::user::find;
use super::{Failure, open, print, wait};
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List security events, the newest first
    List(list::List),
    /// Verify that no event was changed, removed, added or moved; exits with 1 if one was
    Verify(verify::Verify),
    /// Write all events, the oldest first, with what an outsider needs to verify them
    Export(export::Export),
    /// Print the public key that checkpoints are signed with
    Key {
        /// Print a JSON Web Key
        #[arg(long)]
        json: bool,
    },
    /// Sign how the trail stands now, and print that; keep it where nobody who writes the database can reach
    Checkpoint,
}

pub(super) fn run(command: Command, settings: &Settings) -> Result<(), Failure> {
    wait(async {
        match command {
            Command::List(which) => list::run(which, settings).await,
            Command::Verify(given) => verify::run(&given, settings).await,
            Command::Export(how) => export::run(&how, settings).await,
            Command::Key { json } => key(json, settings).await,
            Command::Checkpoint => checkpoint(settings).await,
        }
    })
}

async fn key(as_json: bool, settings: &Settings) -> Result<(), Failure> {
    let auth = open(settings).await?.auth;
    let key = checkpoint_key(&auth)?;
    let text = match as_json {
        true => {
            let jwk = json!({
                "kty": "OKP",
                "crv": "Ed25519",
                "use": "sig",
                "alg": "EdDSA",
                "kid": key.id(),
                "x": key.public(),
            });
            format!("{jwk}\n")
        }
        false => format!("{} {}\n", key.id(), key.public()),
    };
    print(&text)
}

async fn checkpoint(settings: &Settings) -> Result<(), Failure> {
    let auth = open(settings).await?.auth;
    let made = checkpoint_audit(&auth).await?;
    let newest = match made {
        Some(checkpoint) => Some(checkpoint),
        None => {
            let mut read = auth.store().read();
            let sequence = read.audit().head().await?.checkpoint;
            let found = read.audit().checkpoints(sequence - 1, 1).await?;
            found.into_iter().next()
        }
    };
    match newest {
        Some(checkpoint) => print(&format!("{}\n", checkpoint_text(&checkpoint))),
        None => Err(Failure::NotFound(
            "nothing has happened yet that could be signed".to_owned(),
        )),
    }
}

/// A bar on a terminal; nothing anywhere else.
fn bar(what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{msg} [{bar:32}] {human_pos}/{human_len} ({per_sec}, {eta} left)",
    );
    let bar = ProgressBar::new(0).with_message(what);
    // The template is a constant; were it wrong, the bar would look plain.
    style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}

/// The id of a user whom an operator names; of one who was deleted long ago, the id is enough.
async fn named(auth: &Auth, name: Option<&String>) -> Result<Option<UserId>, Failure> {
    match name {
        None => Ok(None),
        Some(name) => match name.parse() {
            Ok(id) => Ok(Some(id)),
            Err(_) => Ok(Some(find(auth, name).await?.id)),
        },
    }
}

/// Reads a time.
fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "write it like 2030-01-01T00:00:00Z (RFC 3339)".to_owned())
}
