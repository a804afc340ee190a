//! The master key, and the keys that sign.

use ntt_auth_core::model::{KeyState, StoredKey, Timestamp};
use ntt_auth_core::secret::SealedBy;
use ntt_auth_core::store::ManagedStore;

use super::Findings;
use crate::settings::Settings;
use crate::start::{StartError, about_previous_key, existing_master_keys};
use crate::telemetry::Chain;

pub(super) async fn examine(
    settings: &Settings,
    store: Option<&dyn ManagedStore>,
    now: Timestamp,
    findings: &mut Findings,
) {
    let check = "master_key";
    let keys = match existing_master_keys(settings) {
        Ok(keys) => keys,
        Err(error) => return findings.failed(check, error.to_string()),
    };
    let Some(store) = store else {
        match keys {
            Some(_) => findings.ok(check, "is there"),
            None => findings.warn(
                check,
                "there is none yet",
                "the first start makes one: keep it apart from the backups",
            ),
        }
        return;
    };
    let sealed = match store.read().root().sealed().await {
        Ok(sealed) => sealed,
        Err(error) => return findings.failed(check, Chain(&error).to_string()),
    };
    match (&keys, &sealed) {
        (None, Some(_)) => findings.fail(
            check,
            "there is none, and the database was made under one",
            "put it back into data_dir as master.key, or name it in keys.master_key_file",
        ),
        (None, None) => findings.warn(
            check,
            "there is none yet",
            "the first start makes one: keep it apart from the backups",
        ),
        (Some(_), None) => findings.ok(check, "is there, and nothing is sealed under it yet"),
        (Some(keys), Some(sealed)) => match keys.open(sealed) {
            Err(_) => findings.failed(check, StartError::OtherMasterKey.to_string()),
            Ok((_, SealedBy::Previous)) => findings.warn(
                check,
                "opens the database as keys.previous_master_key",
                about_previous_key(true),
            ),
            Ok((_, SealedBy::Current)) if keys.previous.is_some() => {
                findings.warn(check, "opens the database", about_previous_key(false));
            }
            Ok((_, SealedBy::Current)) => findings.ok(check, "opens the database"),
        },
    }
    match store.read().keys().all().await {
        Ok(keys) => signing(settings, &keys, now, findings),
        Err(error) => findings.failed("signing_keys", Chain(&error).to_string()),
    }
}

fn signing(settings: &Settings, keys: &[StoredKey], now: Timestamp, findings: &mut Findings) {
    let check = "signing_keys";
    if keys.is_empty() {
        return findings.warn(
            check,
            "there are none yet",
            "the next start of the server makes them",
        );
    }
    let Some(current) = keys.iter().find(|key| key.state == KeyState::Current) else {
        return findings.fail(
            check,
            "none of them signs",
            "start the server, which makes one, or run `ntt-auth keys rotate`",
        );
    };
    let since = current.activated_at.unwrap_or(current.created_at);
    let what = format!(
        "{} signs with {} since {since}",
        current.id.as_str(),
        current.algorithm.as_str()
    );
    let overdue = settings
        .keys
        .rotation
        .is_some_and(|rotation| now > since.plus(rotation.saturating_mul(2)));
    if overdue {
        findings.warn(
            check,
            format!("{what}, longer than keys.rotation says"),
            "see that a server runs: it rotates them",
        );
    } else if !keys.iter().any(|key| key.state == KeyState::Next) {
        findings.warn(
            check,
            format!("{what}; none is published as the next"),
            "start the server, which makes one",
        );
    } else {
        findings.ok(check, what);
    }
}
