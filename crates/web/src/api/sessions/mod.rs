//! One's own sessions.

pub(crate) mod end;
pub(crate) mod list;
