//! `ntt-auth keys`

use std::fmt::Write as _;

use clap::Subcommand;
use ntt_auth_core::flow::{ensure_keys, replace_keys, rotate_keys};
use ntt_auth_core::model::{KeyState, StoredKey, Timestamp};
use serde_json::json;

use super::{Failure, open, print, wait};
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the keys
    List {
        /// Print JSON, one key a line
        #[arg(long)]
        json: bool,
    },
    /// Make the next key sign and publish a new next one; running servers follow within a second
    Rotate {
        /// Even if others cannot have learned of the next key yet: their verification may fail until they have
        #[arg(long)]
        force: bool,
        /// Keys have leaked: forget all of them now and sign with fresh ones. Access tokens issued so far are refused within
        /// a second and clients refresh; services that verify by themselves follow when they fetch the keys again
        #[arg(long, conflicts_with = "force")]
        compromised: bool,
    },
}

pub(super) fn run(command: &Command, settings: &Settings) -> Result<(), Failure> {
    let (text, json) = wait(async {
        let auth = open(settings).await?.auth;
        ensure_keys(&auth).await?;
        let json = match command {
            Command::List { json } => *json,
            Command::Rotate { force, compromised } => {
                match compromised {
                    true => replace_keys(&auth).await?,
                    false => rotate_keys(&auth, *force).await?,
                }
                false
            }
        };
        let set = auth.keyring().get();
        let mut keys: Vec<&StoredKey> = set.stored().iter().collect();
        keys.sort_by_key(|key| (age(key.state), key.created_at));
        Ok((
            keys.into_iter()
                .map(|key| line(key, json))
                .collect::<String>(),
            json,
        ))
    })?;
    if !json {
        print(&format!(
            "{:<45} {:<6} {:<8} {:<24} {}\n",
            "ID", "ALG", "STATE", "CREATED", "SIGNING SINCE"
        ))?;
    }
    print(&text)
}

/// The oldest first: that is the order in which keys sign.
fn age(state: KeyState) -> u8 {
    match state {
        KeyState::Retired => 0,
        KeyState::Current => 1,
        KeyState::Next => 2,
    }
}

fn line(key: &StoredKey, json: bool) -> String {
    let mut line = if json {
        json!({
            "kid": key.id.as_str(),
            "algorithm": key.algorithm.to_string(),
            "state": key.state.as_str(),
            "createdAt": key.created_at,
            "activatedAt": key.activated_at,
            "retiredAt": key.retired_at,
            "expiresAt": key.expires_at,
        })
        .to_string()
    } else {
        let mut line = String::new();
        let signing = key
            .activated_at
            .map(|at| Timestamp::to_string(&at))
            .unwrap_or_default();
        let _ = write!(
            line,
            "{:<45} {:<6} {:<8} {:<24} {signing}",
            key.id.as_str(),
            key.algorithm.to_string(),
            key.state.as_str(),
            key.created_at.to_string(),
        );
        line
    };
    line.push('\n');
    line
}
