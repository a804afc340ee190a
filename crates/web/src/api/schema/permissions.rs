//! The permission matrix.

use std::collections::BTreeMap;

use ntt_auth_core::model::Role;
use ntt_auth_core::policy::{Action, MATRIX, Reach};
use serde::Serialize;
use utoipa::ToSchema;

/// Who may do what: the table that every request is judged by.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "roles": ["super_admin", "admin", "moderator", "user", "guest"],
    "actions": [{
        "action": "update_user",
        "reach": { "super_admin": "all", "admin": "below", "moderator": "none", "user": "own", "guest": "none" },
    }],
}))]
pub(crate) struct PermissionMatrix {
    /// The roles, from the most to the least powerful.
    #[schema(value_type = Vec<String>)]
    roles: [Role; 5],
    /// One row an action.
    actions: Vec<Permission>,
}

/// How far each role reaches with one action.
#[derive(Serialize, ToSchema)]
pub(crate) struct Permission {
    /// What is done.
    #[schema(value_type = String, example = "update_user")]
    action: Action,
    /// By role: `none`, `own` account only, `limited` (without contact data of others), users `below` one's own role,
    /// `up_to_moderator`, or `all`.
    #[schema(value_type = BTreeMap<String, String>)]
    reach: BTreeMap<Role, Reach>,
}

impl PermissionMatrix {
    /// The table as it stands in the rules.
    pub(crate) fn current() -> Self {
        let actions = MATRIX
            .iter()
            .map(|(action, _)| Permission {
                action: *action,
                reach: Role::ALL
                    .into_iter()
                    .map(|role| (role, action.reach(role)))
                    .collect(),
            })
            .collect();
        Self {
            roles: Role::ALL,
            actions,
        }
    }
}
