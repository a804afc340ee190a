//! Supabase (GoTrue): the table `auth.users`.

use serde_json::{Map, Value};

use super::auth0::texts;
use super::csv::Cells;
use super::moment::moment_text;
use super::record::{Record, RecordPassword, RecordSuspension, take_text};
use super::rows::Hints;
use crate::model::FieldErrors;

pub(super) fn record(cells: &Cells<'_>, hints: &Hints, errors: &mut FieldErrors) -> Record {
    let object = |column| -> Map<String, Value> {
        cells
            .get(column)
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    };
    let (mut metadata, app) = (object("raw_user_meta_data"), object("raw_app_meta_data"));
    let mut time = |field, column| moment_text(field, cells.get(column), errors);
    let email_verified_at = time("/emailVerifiedAt", "email_confirmed_at")
        .or_else(|| time("/emailVerifiedAt", "confirmed_at"));
    let banned_until = time("/suspendedUntil", "banned_until");
    // What sign-in providers told stands among what people told themselves.
    for name in [
        "email",
        "email_verified",
        "phone_verified",
        "sub",
        "iss",
        "provider_id",
    ] {
        metadata.remove(name);
    }
    let mut any = |names: &[&str]| names.iter().find_map(|name| take_text(&mut metadata, name));
    let (first_name, last_name) = (
        any(&["first_name", "given_name"]),
        any(&["last_name", "family_name"]),
    );
    let (name, picture) = (any(&["full_name", "name"]), any(&["avatar_url", "picture"]));
    let roles = [app.get("role"), app.get("roles")]
        .into_iter()
        .flatten()
        .flat_map(texts)
        .chain(
            (cells.get("is_super_admin").is_some_and(is_true)).then(|| "super_admin".to_owned()),
        );
    let mut record = Record {
        id: cells.text("id"),
        email: cells.text("email"),
        email_verified: email_verified_at.is_some(),
        email_verified_at,
        first_name,
        last_name,
        // It is kept without its plus sign.
        phone: cells
            .get("phone")
            .map(|phone| match phone.strip_prefix('+') {
                Some(_) => phone.to_owned(),
                None => format!("+{phone}"),
            }),
        avatar_url: picture,
        roles: roles.collect(),
        suspension: banned_until.map(|until| RecordSuspension {
            until: Some(until),
            reason: Some("banned in Supabase".to_owned()),
            ..RecordSuspension::default()
        }),
        deleted_at: time("/deletedAt", "deleted_at"),
        password: cells.get("encrypted_password").map(RecordPassword::hash),
        last_login_at: time("/lastLoginAt", "last_sign_in_at"),
        created_at: time("/createdAt", "created_at"),
        updated_at: time("/updatedAt", "updated_at"),
        ..Record::default()
    };
    record.split_name(name);
    if hints.keep_app_metadata && !app.is_empty() {
        metadata.insert("app".to_owned(), Value::Object(app));
    }
    record.metadata = metadata;
    record
}

fn is_true(cell: &str) -> bool {
    matches!(cell, "true" | "t" | "TRUE")
}
