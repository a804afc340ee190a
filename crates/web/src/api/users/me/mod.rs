//! One's own account.

pub(crate) mod consents;
pub(crate) mod delete;
pub(crate) mod erase;
pub(crate) mod export;
pub(crate) mod read;
pub(crate) mod update;
