//! The JSON API. One verb a file: a handler parses, runs one flow and renders what came of it.

pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod jobs;
pub(crate) mod outbox;
pub(crate) mod revocations;
pub(crate) mod schema;
pub(crate) mod sessions;
pub(crate) mod system;
pub(crate) mod testing;
pub(crate) mod users;
