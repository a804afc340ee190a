//! Roles.

use ntt_auth_core::model::Role;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

/// The schema of a role: one of the names of the five.
pub(crate) fn role_schema() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("A role, from the most to the least powerful."))
        .enum_values(Some(Role::ALL.map(Role::as_str)))
        .examples([Role::User.as_str()])
        .into()
}
