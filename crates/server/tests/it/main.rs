//! The real program: what it says, what it refuses, and what survives it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test may say so by panicking"
)]

#[path = "../process/mod.rs"]
mod process;

/// A mail server that fails as told, shared with the tests of the mail.
#[expect(dead_code, reason = "some of its parts are for those tests alone")]
#[path = "../../../mail/tests/it/fake.rs"]
mod fake;

mod accounts;
mod backup;
mod commands;
mod copy;
mod doctor;
mod installation;
mod mail;
mod master_key;
mod nodes;
mod privacy;
#[cfg(feature = "redis")]
mod redis;
mod refusals;
mod running;
mod time;
mod timing;
