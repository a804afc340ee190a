//! Security events.

pub(crate) mod list;
