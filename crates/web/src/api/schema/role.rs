//! Roles.

use ntt_auth_core::model::Role;
use serde_json::Value;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};

/// The schema of a role: one of the names of the five.
pub(crate) fn role_schema() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("A role, from the most to the least powerful."))
        .enum_values(Some(Role::ALL.map(Role::as_str)))
        .examples([Role::User.as_str()])
        .into()
}

/// The same, where none may be given.
pub(crate) fn optional_role_schema() -> Schema {
    let names = Role::ALL.map(|role| Value::from(role.as_str()));
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("A role, from the most to the least powerful."))
        .enum_values(Some(names.into_iter().chain([Value::Null])))
        .examples([Role::User.as_str()])
        .into()
}
