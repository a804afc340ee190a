//! Django: what `manage.py dumpdata` writes of its users.

use serde::Deserialize;
use serde_json::Value;

use super::auth0::texts;
use super::moment::moment;
use super::record::{Record, RecordPassword, RecordSuspension, present};
use super::rows::Hints;
use crate::model::FieldErrors;

#[derive(Deserialize)]
pub(super) struct Django {
    model: String,
    /// Absent with `--natural-primary`.
    pk: Option<Value>,
    fields: Value,
}

#[derive(Deserialize)]
struct Fields {
    username: Option<String>,
    email: Option<String>,
    password: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    is_active: Option<bool>,
    is_staff: Option<bool>,
    is_superuser: Option<bool>,
    date_joined: Option<Value>,
    last_login: Option<Value>,
    #[serde(default)]
    groups: Vec<Value>,
}

/// `None` for what is no user: a dump holds everything.
pub(super) fn record(row: Django, hints: &Hints, errors: &mut FieldErrors) -> Option<Record> {
    let model = hints.django_model.as_deref().unwrap_or("auth.user");
    if !row.model.eq_ignore_ascii_case(model) {
        return None;
    }
    let Ok(fields) = serde_json::from_value::<Fields>(row.fields) else {
        errors.add(
            "/fields",
            crate::model::Invalid::new("invalid_type", "A field is of a wrong type."),
        );
        return Some(Record::default());
    };
    let staff = fields.is_staff == Some(true);
    let superuser = fields.is_superuser == Some(true);
    let mut record = Record {
        id: row.pk.as_ref().and_then(id),
        first_name: present(fields.first_name),
        last_name: present(fields.last_name),
        roles: fields
            .groups
            .iter()
            // With `--natural-foreign` a group is the list of its name, otherwise a number.
            .flat_map(|group| match group {
                Value::Number(number) => vec![number.to_string()],
                other => texts(other),
            })
            .chain(staff.then(|| "staff".to_owned()))
            .chain(superuser.then(|| "superuser".to_owned()))
            .collect(),
        suspension: (fields.is_active == Some(false)).then(|| RecordSuspension {
            reason: Some("not active in Django".to_owned()),
            ..RecordSuspension::default()
        }),
        // "!" marks that there is no password.
        password: present(fields.password)
            .filter(|hash| !hash.starts_with('!'))
            .map(RecordPassword::hash),
        last_login_at: moment("/lastLoginAt", fields.last_login.as_ref(), errors),
        created_at: moment("/createdAt", fields.date_joined.as_ref(), errors),
        ..Record::default()
    };
    // Many sites keep the address as the user name only.
    let address = fields.username.clone().filter(|name| name.contains('@'));
    record.email = present(fields.email).or(address);
    record.username_unless_address(fields.username);
    Some(record)
}

fn id(pk: &Value) -> Option<String> {
    match pk {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
