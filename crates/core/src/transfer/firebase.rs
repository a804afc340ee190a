//! Firebase Authentication: what `firebase auth:export users.json` writes.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::auth0::texts;
use super::moment::moment_text;
use super::record::{Record, RecordPassword, RecordSuspension, present};
use super::rows::Hints;
use crate::model::FieldErrors;
use crate::secret::REDACTED;

/// How a Firebase project hashes: its console shows these under Authentication, Users, ⋮, "Password hash parameters".
#[derive(Clone)]
pub struct FirebaseConfig {
    signer_key: Zeroizing<String>,
    salt_separator: String,
    rounds: u32,
    mem_cost: u32,
}

/// Why the parameters cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FirebaseConfigError {
    /// One is not there.
    #[error(
        "the hash parameters say no {0}; copy the whole hash_config that the Firebase console shows"
    )]
    Missing(&'static str),
    /// One is not what it should be.
    #[error("the hash parameter {0} is malformed")]
    Malformed(&'static str),
    /// It is another algorithm.
    #[error("the hash parameters are not of the algorithm SCRYPT")]
    Algorithm,
}

impl FirebaseConfig {
    /// Reads `hash_config { algorithm: SCRYPT, base64_signer_key: …, … }` as the console shows it, or the same as JSON.
    pub fn parse(text: &str) -> Result<Self, FirebaseConfigError> {
        let value = |name: &'static str| {
            let (_, rest) = text.split_once(name)?;
            let rest = rest.trim_start_matches(['"', ' ', '\t']);
            let rest = rest.strip_prefix(':')?.trim_start();
            let end = rest.find([',', '\n', '\r', '}']).unwrap_or(rest.len());
            Some(rest.get(..end)?.trim().trim_matches('"'))
        };
        let need = |name| value(name).ok_or(FirebaseConfigError::Missing(name));
        let base64 = |name| {
            let text = need(name)?;
            BASE64_STANDARD
                .decode(text)
                .map(|_| text)
                .map_err(|_| FirebaseConfigError::Malformed(name))
        };
        let number = |name, most| {
            need(name)?
                .parse()
                .ok()
                .filter(|number| (1..=most).contains(number))
                .ok_or(FirebaseConfigError::Malformed(name))
        };
        if value("algorithm").is_some_and(|algorithm| algorithm != "SCRYPT") {
            return Err(FirebaseConfigError::Algorithm);
        }
        Ok(Self {
            signer_key: Zeroizing::new(unpadded(base64("base64_signer_key")?).to_owned()),
            salt_separator: unpadded(base64("base64_salt_separator")?).to_owned(),
            rounds: number("rounds", 64)?,
            mem_cost: number("mem_cost", 20)?,
        })
    }
}

impl fmt::Debug for FirebaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Firebase {
    local_id: Option<String>,
    email: Option<String>,
    email_verified: Option<bool>,
    display_name: Option<String>,
    photo_url: Option<String>,
    phone_number: Option<String>,
    disabled: Option<bool>,
    password_hash: Option<String>,
    salt: Option<String>,
    created_at: Option<String>,
    last_signed_in_at: Option<String>,
    last_login_at: Option<String>,
    custom_attributes: Option<String>,
}

pub(super) fn record(row: Firebase, hints: &Hints, errors: &mut FieldErrors) -> Record {
    let claims: Map<String, Value> = row
        .custom_attributes
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let mut record = Record {
        id: row.local_id,
        email: row.email,
        email_verified: row.email_verified.unwrap_or_default(),
        phone: present(row.phone_number),
        avatar_url: present(row.photo_url),
        roles: roles(&claims),
        suspension: (row.disabled == Some(true)).then(|| RecordSuspension {
            reason: Some("disabled in Firebase".to_owned()),
            ..RecordSuspension::default()
        }),
        password: present(row.password_hash)
            .map(|hash| password(hints.firebase.as_ref(), &hash, row.salt.as_deref())),
        last_login_at: moment_text(
            "/lastLoginAt",
            row.last_signed_in_at.or(row.last_login_at).as_deref(),
            errors,
        ),
        created_at: moment_text("/createdAt", row.created_at.as_deref(), errors),
        ..Record::default()
    };
    record.split_name(row.display_name);
    if hints.keep_app_metadata && !claims.is_empty() {
        record
            .metadata
            .insert("app".to_owned(), Value::Object(claims));
    }
    record
}

/// Custom claims are `{"role": "editor"}`, `{"roles": […]}` or flags such as `{"admin": true}`.
fn roles(claims: &Map<String, Value>) -> Vec<String> {
    let flags = claims
        .iter()
        .filter(|(_, value)| **value == Value::Bool(true))
        .map(|(name, _)| name.clone());
    [claims.get("role"), claims.get("roles")]
        .into_iter()
        .flatten()
        .flat_map(texts)
        .chain(flags)
        .collect()
}

/// Firebase's variant of scrypt with the project's parameters, in the form in which a single hash can be verified.
fn password(config: Option<&FirebaseConfig>, hash: &str, salt: Option<&str>) -> RecordPassword {
    let Some(config) = config else {
        return RecordPassword::Unusable("a Firebase hash without the project's hash parameters");
    };
    let plain = |text: &str| unpadded(text).replace('-', "+").replace('_', "/");
    RecordPassword::hash(format!(
        "$fbscrypt$v=1,n={},r={},p=1,ss={},sk={}${}${}",
        config.mem_cost,
        config.rounds,
        config.salt_separator,
        config.signer_key.as_str(),
        plain(salt.unwrap_or_default()),
        plain(hash),
    ))
}

fn unpadded(text: &str) -> &str {
    text.trim_end_matches('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: &str = "hash_config {\n  algorithm: SCRYPT,\n  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,\n  \
                         base64_salt_separator: Bw==,\n  rounds: 8,\n  mem_cost: 14,\n}\n";

    #[test]
    fn the_console_s_text_and_json_are_read() {
        let config = FirebaseConfig::parse(SHOWN).unwrap();
        assert_eq!((config.rounds, config.mem_cost), (8, 14));
        assert_eq!(config.salt_separator, "Bw");
        let json = r#"{"algorithm":"SCRYPT","base64_signer_key":"Bw==","base64_salt_separator":"Bw==","rounds":8,"mem_cost":14}"#;
        assert!(FirebaseConfig::parse(json).is_ok());
        assert_eq!(format!("{config:?}"), REDACTED);
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(
            FirebaseConfig::parse("rounds: 8").unwrap_err(),
            FirebaseConfigError::Missing("base64_signer_key")
        );
        for (from, to) in [
            ("rounds: 8", "rounds: 800"),
            ("mem_cost: 14", "mem_cost: -1"),
            ("Bw==", "Bw=!"),
        ] {
            assert!(matches!(
                FirebaseConfig::parse(&SHOWN.replace(from, to)),
                Err(FirebaseConfigError::Malformed(_))
            ));
        }
        assert_eq!(
            FirebaseConfig::parse(&SHOWN.replace(": SCRYPT", ": BCRYPT")).unwrap_err(),
            FirebaseConfigError::Algorithm
        );
    }
}
