//! The API as its clients see it: every route, every refusal, every rule about sessions and roles, over a real store,
//! which is SQLite in memory or what `NTT_TEST_ENGINE` says, with a clock that the tests move.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod app;
mod audit;
mod bad_input;
mod browser;
mod enumeration;
mod faults;
mod headers;
mod lockout;
mod login;
mod logout;
mod mail;
mod matrix;
mod me;
mod openapi;
mod outbox;
mod pages;
mod password;
mod permissions;
mod properties;
mod proxies;
mod rate_limits;
mod refresh;
mod register;
mod retention;
mod revocations;
mod root;
mod secrecy;
mod sessions;
mod setup;
mod stats;
mod system;
mod testing;
mod tokens;
mod unavailable;
pub(crate) mod users;
