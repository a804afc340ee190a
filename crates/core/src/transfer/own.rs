//! Our own two formats: the fields of a user in JSON Lines or CSV.

use serde::Deserialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::csv::{Cells, armed};
use super::moment::{moment, moment_text};
use super::record::{Record, RecordPassword, RecordSuspension, present};
use crate::model::{FieldErrors, Invalid};

/// The names of all fields, in the order in which an export writes them. The last three are read only.
pub(super) const COLUMNS: [&str; 25] = [
    "userId",
    "email",
    "emailVerifiedAt",
    "username",
    "firstName",
    "lastName",
    "phone",
    "avatarUrl",
    "timezone",
    "locale",
    "metadata",
    "role",
    "suspendedAt",
    "suspendedUntil",
    "suspensionReason",
    "deletedAt",
    "passwordHash",
    "passwordChangedAt",
    "lastLoginAt",
    "createdAt",
    "updatedAt",
    "isEmailVerified",
    "isActive",
    "password",
    "roles",
];

/// How many of [`COLUMNS`] an export writes.
pub(super) const WRITTEN: usize = 21;

/// A row in JSON. Unknown fields are refused, so that a typo is seen.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Own {
    user_id: Option<String>,
    email: Option<String>,
    email_verified_at: Option<Value>,
    username: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    phone: Option<String>,
    avatar_url: Option<String>,
    timezone: Option<String>,
    locale: Option<String>,
    metadata: Option<Map<String, Value>>,
    role: Option<String>,
    suspended_at: Option<Value>,
    suspended_until: Option<Value>,
    suspension_reason: Option<String>,
    deleted_at: Option<Value>,
    password_hash: Option<String>,
    password_changed_at: Option<Value>,
    last_login_at: Option<Value>,
    created_at: Option<Value>,
    updated_at: Option<Value>,
    is_email_verified: Option<bool>,
    is_active: Option<bool>,
    password: Option<String>,
    roles: Option<Vec<String>>,
}

pub(super) fn record(row: Own, errors: &mut FieldErrors) -> Record {
    let mut time = |field, value: Option<Value>| moment(field, value.as_ref(), errors);
    let email_verified_at = time("/emailVerifiedAt", row.email_verified_at);
    let suspended_at = time("/suspendedAt", row.suspended_at);
    let suspended_until = time("/suspendedUntil", row.suspended_until);
    let suspension =
        (suspended_at.is_some() || row.is_active == Some(false)).then_some(RecordSuspension {
            at: suspended_at,
            until: suspended_until,
            reason: row.suspension_reason,
        });
    let deleted_at = time("/deletedAt", row.deleted_at);
    Record {
        id: present(row.user_id),
        email: row.email,
        email_verified: email_verified_at.is_some() || row.is_email_verified == Some(true),
        email_verified_at,
        username: row.username,
        first_name: row.first_name,
        last_name: row.last_name,
        phone: row.phone,
        avatar_url: row.avatar_url,
        timezone: row.timezone,
        locale: row.locale,
        metadata: row.metadata.unwrap_or_default(),
        role: row.role,
        roles: row.roles.unwrap_or_default(),
        // A deleted account is not active either, and not suspended for that.
        suspension: suspension.filter(|suspension| suspension.at.is_some() || deleted_at.is_none()),
        deleted_at,
        password: password(row.password_hash, row.password),
        password_changed_at: time("/passwordChangedAt", row.password_changed_at),
        last_login_at: time("/lastLoginAt", row.last_login_at),
        created_at: time("/createdAt", row.created_at),
        updated_at: time("/updatedAt", row.updated_at),
    }
}

pub(super) fn record_of_cells(cells: &Cells<'_>, errors: &mut FieldErrors) -> Record {
    let text = |column| cells.get(column).map(|cell| armed(cell).into_owned());
    let mut flag = |column, field| {
        cells
            .get(column)
            .and_then(|cell| match cell.to_ascii_lowercase().as_str() {
                "true" | "t" | "yes" | "1" => Some(true),
                "false" | "f" | "no" | "0" => Some(false),
                _ => {
                    errors.add(
                        field,
                        Invalid::new("invalid_type", "A flag is true or false."),
                    );
                    None
                }
            })
    };
    let (is_email_verified, is_active) = (
        flag("isEmailVerified", "/isEmailVerified"),
        flag("isActive", "/isActive"),
    );
    let metadata = match cells.get("metadata").map(serde_json::from_str::<Value>) {
        None => Map::new(),
        Some(Ok(Value::Object(members))) => members,
        Some(_) => {
            errors.add(
                "/metadata",
                Invalid::new("invalid_type", "Metadata is a JSON object."),
            );
            Map::new()
        }
    };
    let mut time = |field, column| moment_text(field, cells.get(column), errors);
    let own = Own {
        user_id: text("userId"),
        email: text("email"),
        username: text("username"),
        first_name: text("firstName"),
        last_name: text("lastName"),
        phone: text("phone"),
        avatar_url: text("avatarUrl"),
        timezone: text("timezone"),
        locale: text("locale"),
        metadata: Some(metadata),
        role: text("role"),
        suspension_reason: text("suspensionReason"),
        password_hash: text("passwordHash"),
        password: text("password"),
        is_email_verified,
        is_active,
        roles: text("roles").map(|roles| {
            roles
                .split([',', ';', ' '])
                .filter(|role| !role.is_empty())
                .map(str::to_owned)
                .collect()
        }),
        ..Own::default()
    };
    let email_verified_at = time("/emailVerifiedAt", "emailVerifiedAt");
    let suspended_at = time("/suspendedAt", "suspendedAt");
    let suspended_until = time("/suspendedUntil", "suspendedUntil");
    let (deleted_at, password_changed_at) = (
        time("/deletedAt", "deletedAt"),
        time("/passwordChangedAt", "passwordChangedAt"),
    );
    let (last_login_at, created_at, updated_at) = (
        time("/lastLoginAt", "lastLoginAt"),
        time("/createdAt", "createdAt"),
        time("/updatedAt", "updatedAt"),
    );
    let reason = own.suspension_reason.clone();
    let mut record = record(own, errors);
    record.email_verified = record.email_verified || email_verified_at.is_some();
    record.email_verified_at = email_verified_at;
    if suspended_at.is_some() {
        record.suspension = Some(RecordSuspension {
            at: suspended_at,
            until: suspended_until,
            reason,
        });
    } else if deleted_at.is_some() {
        record.suspension = None;
    } else if let Some(suspension) = &mut record.suspension {
        suspension.until = suspended_until;
    }
    Record {
        deleted_at,
        password_changed_at,
        last_login_at,
        created_at,
        updated_at,
        ..record
    }
}

fn password(hash: Option<String>, plain: Option<String>) -> Option<RecordPassword> {
    match (present(hash), plain) {
        (Some(hash), _) => Some(RecordPassword::hash(hash)),
        (None, Some(plain)) => Some(RecordPassword::Plain(Zeroizing::new(plain))),
        (None, None) => None,
    }
}
