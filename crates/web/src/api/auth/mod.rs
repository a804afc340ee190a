//! Signing up, in and out; tokens; one's own password; what a form should know.

pub(crate) mod change_email;
pub(crate) mod change_password;
pub(crate) mod confirm_email_change;
pub(crate) mod documents;
pub(crate) mod forgot_password;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod logout_all;
pub(crate) mod password_policy;
pub(crate) mod permissions;
pub(crate) mod refresh;
pub(crate) mod register;
pub(crate) mod resend_verification;
pub(crate) mod reset_password;
pub(crate) mod validate;
pub(crate) mod verify_email;
