//! Keycloak: the users of a realm export.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::auth0::texts;
use super::moment::moment;
use super::record::{Record, RecordPassword, RecordSuspension, present};
use super::rows::Hints;
use crate::model::FieldErrors;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Keycloak {
    id: Option<String>,
    username: Option<String>,
    email: Option<String>,
    email_verified: Option<bool>,
    enabled: Option<bool>,
    first_name: Option<String>,
    last_name: Option<String>,
    created_timestamp: Option<Value>,
    #[serde(default)]
    attributes: Option<Map<String, Value>>,
    #[serde(default)]
    realm_roles: Option<Vec<String>>,
    #[serde(default)]
    groups: Option<Vec<String>>,
    #[serde(default)]
    credentials: Option<Vec<Credential>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    #[serde(rename = "type")]
    kind: Option<String>,
    created_date: Option<Value>,
    /// JSON in a text.
    #[serde(rename = "secretData")]
    secret: Option<String>,
    /// JSON in a text.
    #[serde(rename = "credentialData")]
    data: Option<String>,
    // Before Keycloak 9 the same stood here.
    hashed_salted_value: Option<String>,
    salt: Option<String>,
    hash_iterations: Option<u32>,
    algorithm: Option<String>,
}

#[derive(Deserialize)]
struct SecretData {
    value: String,
    salt: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CredentialData {
    hash_iterations: u32,
    algorithm: String,
    #[serde(default)]
    additional_parameters: Map<String, Value>,
}

pub(super) fn record(row: Keycloak, hints: &Hints, errors: &mut FieldErrors) -> Record {
    let mut attributes = row.attributes.unwrap_or_default();
    let mut attribute = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| attributes.remove(*name))
            .and_then(|value| texts(&value).into_iter().next())
            .filter(|text| !text.is_empty())
    };
    let phone = attribute(&["phoneNumber", "phone_number", "phone", "mobile"]);
    let (locale, timezone, picture) = (
        attribute(&["locale"]),
        attribute(&["zoneinfo", "timezone"]),
        attribute(&["picture"]),
    );
    let credential = row
        .credentials
        .unwrap_or_default()
        .into_iter()
        .find(|credential| {
            credential
                .kind
                .as_deref()
                .is_none_or(|kind| kind == "password")
        });
    let groups = row.groups.unwrap_or_default();
    let mut record = Record {
        id: row.id,
        email: row.email,
        email_verified: row.email_verified.unwrap_or_default(),
        first_name: present(row.first_name),
        last_name: present(row.last_name),
        phone,
        avatar_url: picture,
        timezone,
        locale: locale.map(|locale| locale.replace('_', "-")),
        roles: row
            .realm_roles
            .unwrap_or_default()
            .into_iter()
            .chain(groups)
            .collect(),
        suspension: (row.enabled == Some(false)).then(|| RecordSuspension {
            reason: Some("disabled in Keycloak".to_owned()),
            ..RecordSuspension::default()
        }),
        password: credential.as_ref().and_then(password),
        password_changed_at: credential.as_ref().and_then(|credential| {
            moment(
                "/passwordChangedAt",
                credential.created_date.as_ref(),
                errors,
            )
        }),
        created_at: moment("/createdAt", row.created_timestamp.as_ref(), errors),
        ..Record::default()
    };
    record.username_unless_address(row.username);
    if hints.keep_app_metadata && !attributes.is_empty() {
        record
            .metadata
            .insert("app".to_owned(), Value::Object(attributes));
    }
    record
}

fn password(credential: &Credential) -> Option<RecordPassword> {
    const MALFORMED: RecordPassword =
        RecordPassword::Unusable("a credential of Keycloak without its parts");
    let (data, secret) = match (&credential.data, &credential.secret) {
        (Some(data), Some(secret)) => {
            let data: Result<CredentialData, _> = serde_json::from_str(data);
            let secret: Result<SecretData, _> = serde_json::from_str(secret);
            match (data, secret) {
                (Ok(data), Ok(secret)) => (data, secret),
                _ => return Some(MALFORMED),
            }
        }
        _ => {
            let value = credential.hashed_salted_value.clone()?;
            let data = CredentialData {
                hash_iterations: credential.hash_iterations.unwrap_or_default(),
                algorithm: credential
                    .algorithm
                    .clone()
                    .unwrap_or_else(|| "pbkdf2".to_owned()),
                additional_parameters: Map::new(),
            };
            let salt = credential.salt.clone().unwrap_or_default();
            (data, SecretData { value, salt })
        }
    };
    Some(encoded(&data, &secret).unwrap_or(MALFORMED))
}

fn encoded(data: &CredentialData, secret: &SecretData) -> Option<RecordPassword> {
    let mut digest = BASE64_STANDARD.decode(&secret.value).ok()?;
    let salt = BASE64_STANDARD_NO_PAD.encode(BASE64_STANDARD.decode(&secret.salt).ok()?);
    // Keycloak derives 64 octets whatever the function. The first block depends on no other, and is as much as the function has to give.
    let (name, block) = match data.algorithm.as_str() {
        "pbkdf2" => ("pbkdf2", 20),
        "pbkdf2-sha256" => ("pbkdf2-sha256", 32),
        "pbkdf2-sha512" => ("pbkdf2-sha512", 64),
        "argon2" => return argon2(data, &salt, &digest),
        _ => {
            return Some(RecordPassword::Unusable(
                "a hash of a kind that is not known",
            ));
        }
    };
    digest.truncate(block);
    let digest = BASE64_STANDARD_NO_PAD.encode(digest);
    Some(RecordPassword::hash(format!(
        "${name}$i={}${salt}${digest}",
        data.hash_iterations
    )))
}

fn argon2(data: &CredentialData, salt: &str, digest: &[u8]) -> Option<RecordPassword> {
    // Each parameter is a list of one text.
    let parameter = |name: &str| {
        let value = data.additional_parameters.get(name)?;
        texts(value).into_iter().next()
    };
    let number = |name: &str| parameter(name)?.parse::<u32>().ok();
    let variant = match parameter("type").as_deref() {
        None | Some("id") => "argon2id",
        Some("i") => "argon2i",
        Some("d") => "argon2d",
        Some(_) => return None,
    };
    let version = match parameter("version").as_deref() {
        None | Some("1.3") => 19,
        Some("1.0") => 16,
        Some(_) => return None,
    };
    Some(RecordPassword::hash(format!(
        "${variant}$v={version}$m={},t={},p={}${salt}${}",
        number("memory")?,
        data.hash_iterations,
        number("parallelism").unwrap_or(1),
        BASE64_STANDARD_NO_PAD.encode(digest),
    )))
}
