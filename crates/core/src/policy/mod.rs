//! Who may do what, and the figures an installation sets.

mod permissions;
mod rules;

pub use permissions::{Action, MATRIX, Reach};
pub use rules::{
    AccountRules, AuditRules, ClaimSource, ConfigurationError, KeyRules, LockoutRules,
    ProfileField, RefreshRules, RetentionRules, Rules, SessionRules, TokenRules,
};
