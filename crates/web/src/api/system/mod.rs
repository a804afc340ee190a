//! The installation itself.

pub(crate) mod backup;
pub(crate) mod stats;
