//! `ntt-auth keys`: those that sign, and the master key

use std::fmt::Write as _;

use clap::Subcommand;
use ntt_auth_core::Auth;
use ntt_auth_core::flow::{
    Fault, ensure_keys, replace_keys, rewrap_root, root_is_known_to, rotate_keys,
};
use ntt_auth_core::model::{KeyState, StoredKey, Timestamp};
use ntt_auth_core::token::KeyringError;
use serde_json::json;

use super::{Failure, open, print, wait};
use crate::settings::Settings;
use crate::start::StartError;

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
    /// Seal the root secret under the new master key, after the one before it was named as the previous one; running servers need not be
    /// stopped, and nobody is signed out
    Rewrap {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: &Command, settings: &Settings) -> Result<(), Failure> {
    match command {
        Command::List { json } => list(*json, settings, async |_| Ok(())),
        Command::Rotate { force, compromised } => {
            list(false, settings, async |auth| match compromised {
                true => Ok(replace_keys(auth).await?),
                false => rotate_keys(auth, *force).await.map_err(not_rotated),
            })
        }
        Command::Rewrap { json } => rewrap(*json, settings),
    }
}

fn not_rotated(error: Fault) -> Failure {
    match error {
        Fault::Keyring(KeyringError::TooSoon(seconds)) => Failure::Refused(format!(
            "the next key was published less than {seconds} seconds ago, and services that keep a copy of the public keys may not have \
             it yet; wait, or rotate with --force"
        )),
        other => other.into(),
    }
}

/// Shows the keys, after something was done to them.
fn list(
    json: bool,
    settings: &Settings,
    change: impl AsyncFnOnce(&Auth) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let text = wait(async {
        let auth = open(settings).await?.auth;
        ensure_keys(&auth).await?;
        change(&auth).await?;
        let set = auth.keyring().get();
        let mut keys: Vec<&StoredKey> = set.stored().iter().collect();
        keys.sort_by_key(|key| (age(key.state), key.created_at));
        Ok(keys
            .into_iter()
            .map(|key| line(key, json))
            .collect::<String>())
    })?;
    if !json {
        print(&format!(
            "{:<45} {:<6} {:<8} {:<24} {}\n",
            "ID", "ALG", "STATE", "CREATED", "SIGNING SINCE"
        ))?;
    }
    print(&text)
}

fn rewrap(json: bool, settings: &Settings) -> Result<(), Failure> {
    let (resealed, known) = wait(async {
        let installation = open(settings).await?;
        let (auth, keys) = (&installation.auth, &installation.master_keys);
        let resealed = rewrap_root(auth, keys).await.map_err(StartError::from)?;
        Ok((resealed, root_is_known_to(auth, keys)))
    })?;
    if json {
        let told = json!({ "resealed": u8::from(resealed), "rootIsMasterKey": known });
        return print(&format!("{told}\n"));
    }
    let done = match resealed {
        true => "The root secret is sealed under the new master key now: 1 of 1.",
        false => {
            "The root secret is sealed under this master key already: there was nothing to do."
        }
    };
    let next = match settings.keys.previous_master_key {
        Some(_) => {
            "\nRemove keys.previous_master_key from the configuration, and keep that key with the backups from before, \
             which open with it alone."
        }
        None => "",
    };
    let known = match known {
        true => {
            "\nThis installation is from before there were root secrets, and its root secret is one of these master keys: if that key \
             has leaked, replacing it does not help; see docs/security/CRYPTOGRAPHY.md."
        }
        false => "",
    };
    print(&format!("{done}{next}{known}\n"))
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
