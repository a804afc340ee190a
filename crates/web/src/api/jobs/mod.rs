//! Jobs: what is still to be done, and what was given up.

pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod retry;
