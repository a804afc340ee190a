//! Revocations, for services that validate tokens by themselves.

pub(crate) mod list;
pub(crate) mod stream;
