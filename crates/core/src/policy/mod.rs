//! Who may do what, and the figures an installation sets.

mod fields;
mod permissions;
mod rules;

pub use fields::{FieldRule, Seen, USER_FIELDS, Written};
pub use permissions::{Action, MATRIX, Reach};
pub use rules::{
    AccountRules, AuditRules, ClaimSource, ConfigurationError, KeyRules, LinkRules, LockoutRules,
    ProfileField, RefreshRules, RetentionRules, RevocationRules, Rules, SessionRules, TokenRules,
};
