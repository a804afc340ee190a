//! Accounts: one's own, and those of others.

pub(crate) mod bulk;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod export;
pub(crate) mod export_one;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod logout_all;
pub(crate) mod me;
pub(crate) mod reactivate;
pub(crate) mod read;
pub(crate) mod resend_verification;
pub(crate) mod reset_password;
pub(crate) mod restore;
pub(crate) mod role;
pub(crate) mod sessions;
pub(crate) mod suspend;
pub(crate) mod unlock;
pub(crate) mod update;
