//! The installation itself.

pub(crate) mod backup;
