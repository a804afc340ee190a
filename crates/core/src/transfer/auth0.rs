//! Auth0: the export of users, the export of password hashes that its support hands out, and the schema of its bulk import.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::moment::moment;
use super::record::{Record, RecordPassword, RecordSuspension, present, take_text};
use super::rows::Hints;
use crate::model::FieldErrors;

#[derive(Deserialize)]
pub(super) struct Auth0 {
    /// Exports of hashes: `{"$oid": "…"}`.
    #[serde(rename = "_id")]
    oid: Option<Value>,
    /// There, too: the id that stands behind `auth0|` where it is not that one.
    alt_id: Option<String>,
    /// There, too: where addresses are if they are not above.
    #[serde(default)]
    identifiers: Vec<Identifier>,
    user_id: Option<String>,
    #[serde(alias = "Id")]
    id: Option<String>,
    #[serde(alias = "Email")]
    email: Option<String>,
    #[serde(default, alias = "Email Verified")]
    email_verified: Option<bool>,
    username: Option<String>,
    #[serde(alias = "Given Name")]
    given_name: Option<String>,
    #[serde(alias = "Family Name")]
    family_name: Option<String>,
    #[serde(alias = "Name")]
    name: Option<String>,
    phone_number: Option<String>,
    #[serde(alias = "Picture")]
    picture: Option<String>,
    locale: Option<String>,
    zoneinfo: Option<String>,
    blocked: Option<bool>,
    #[serde(alias = "passwordHash")]
    password_hash: Option<String>,
    custom_password_hash: Option<CustomHash>,
    password_set_date: Option<Value>,
    #[serde(default)]
    user_metadata: Option<Map<String, Value>>,
    #[serde(default)]
    app_metadata: Option<Map<String, Value>>,
    #[serde(alias = "Last Login")]
    last_login: Option<Value>,
    #[serde(alias = "Created At")]
    created_at: Option<Value>,
    #[serde(alias = "Updated At")]
    updated_at: Option<Value>,
}

#[derive(Deserialize)]
struct Identifier {
    #[serde(rename = "type")]
    kind: Option<String>,
    value: Option<String>,
    verified: Option<bool>,
}

#[derive(Deserialize)]
struct CustomHash {
    algorithm: String,
    hash: HashValue,
    salt: Option<SaltValue>,
    password: Option<PasswordValue>,
    keylen: Option<u32>,
    cost: Option<u32>,
    #[serde(alias = "blockSize")]
    block_size: Option<u32>,
    parallelization: Option<u32>,
}

#[derive(Deserialize)]
struct HashValue {
    value: String,
    encoding: Option<String>,
}

#[derive(Deserialize)]
struct SaltValue {
    value: String,
    encoding: Option<String>,
}

#[derive(Deserialize)]
struct PasswordValue {
    encoding: Option<String>,
}

pub(super) fn record(row: Auth0, hints: &Hints, errors: &mut FieldErrors) -> Record {
    let mut time = |field, value: &Option<Value>| moment(field, value.as_ref(), errors);
    let mut metadata = row.user_metadata.unwrap_or_default();
    let roles = row.app_metadata.as_ref().map(roles).unwrap_or_default();
    let behind = row.alt_id.or_else(|| oid(row.oid.as_ref()));
    let address = row
        .identifiers
        .into_iter()
        .find(|identifier| identifier.kind.as_deref() == Some("email"));
    let verified = address.as_ref().and_then(|identifier| identifier.verified);
    let mut record = Record {
        id: row
            .user_id
            .or(row.id)
            .or_else(|| behind.map(|id| format!("auth0|{id}"))),
        email: row
            .email
            .or(address.and_then(|identifier| identifier.value)),
        email_verified: row.email_verified.or(verified).unwrap_or_default(),
        first_name: present(row.given_name),
        last_name: present(row.family_name),
        phone: present(row.phone_number).or_else(|| take_text(&mut metadata, "phone_number")),
        avatar_url: present(row.picture),
        timezone: present(row.zoneinfo),
        locale: present(row.locale).map(|locale| locale.replace('_', "-")),
        roles,
        suspension: (row.blocked == Some(true)).then(|| RecordSuspension {
            reason: Some("blocked in Auth0".to_owned()),
            ..RecordSuspension::default()
        }),
        password: present(row.password_hash)
            .map(RecordPassword::hash)
            .or_else(|| row.custom_password_hash.map(|hash| custom(&hash))),
        password_changed_at: time("/passwordChangedAt", &row.password_set_date),
        last_login_at: time("/lastLoginAt", &row.last_login),
        created_at: time("/createdAt", &row.created_at),
        updated_at: time("/updatedAt", &row.updated_at),
        ..Record::default()
    };
    if hints.keep_app_metadata
        && let Some(app) = row.app_metadata
    {
        metadata.insert("app".to_owned(), Value::Object(app));
    }
    record.metadata = metadata;
    record.username_unless_address(row.username);
    record.split_name(row.name);
    record
}

/// The id of a hash's export is the one behind `auth0|` in an export of users.
fn oid(id: Option<&Value>) -> Option<String> {
    match id? {
        Value::String(text) => Some(text.clone()),
        Value::Object(members) => members
            .get("$oid")
            .and_then(Value::as_str)
            .map(str::to_owned),
        _ => None,
    }
}

/// Where applications keep roles: `roles` or `authorization.roles`.
fn roles(app: &Map<String, Value>) -> Vec<String> {
    [
        app.get("roles"),
        app.get("role"),
        app.get("authorization")
            .and_then(|inner| inner.get("roles")),
    ]
    .into_iter()
    .flatten()
    .flat_map(texts)
    .collect()
}

/// A text, or each text of a list.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

/// What Auth0's bulk import takes, as far as it is no quick hash.
fn custom(custom: &CustomHash) -> RecordPassword {
    let encoding = custom
        .password
        .as_ref()
        .and_then(|password| password.encoding.as_deref());
    if !matches!(encoding, None | Some("utf8")) {
        return RecordPassword::Unusable(
            "a password that was hashed in another encoding than UTF-8",
        );
    }
    match custom.algorithm.as_str() {
        // All three in the forms that are usual for them.
        "bcrypt" | "argon2" | "pbkdf2" => RecordPassword::hash(custom.hash.value.as_str()),
        "scrypt" => scrypt(custom).unwrap_or(RecordPassword::Unusable(
            "a scrypt hash without its parameters",
        )),
        "md4" | "md5" | "sha1" | "sha256" | "sha512" | "hmac" | "ldap" => {
            RecordPassword::Unusable("a quick hash, from which the password could be guessed")
        }
        _ => RecordPassword::Unusable("a hash of a kind that is not known"),
    }
}

fn scrypt(custom: &CustomHash) -> Option<RecordPassword> {
    let salt = custom.salt.as_ref()?;
    let cost = custom.cost.unwrap_or(16384);
    let (block_size, parallelization) = (
        custom.block_size.unwrap_or(8),
        custom.parallelization.unwrap_or(1),
    );
    let digest = decoded(&custom.hash.value, custom.hash.encoding.as_deref())?;
    let salt = decoded(&salt.value, salt.encoding.as_deref().or(Some("utf8")))?;
    let expected = custom
        .keylen
        .and_then(|length| usize::try_from(length).ok());
    if !cost.is_power_of_two() || expected.is_some_and(|length| length != digest.len()) {
        return None;
    }
    Some(RecordPassword::hash(format!(
        "$scrypt$ln={},r={block_size},p={parallelization}${}${}",
        cost.ilog2(),
        BASE64_STANDARD_NO_PAD.encode(salt),
        BASE64_STANDARD_NO_PAD.encode(digest),
    )))
}

fn decoded(text: &str, encoding: Option<&str>) -> Option<Vec<u8>> {
    match encoding {
        Some("base64") => BASE64_STANDARD
            .decode(text)
            .or_else(|_| BASE64_STANDARD_NO_PAD.decode(text))
            .ok(),
        Some("utf8") => Some(text.into()),
        None | Some("hex") => hex(text),
        Some(_) => None,
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        })
        .collect()
}
