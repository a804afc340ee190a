//! The real program: what it says, what it refuses, and what survives it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test may say so by panicking"
)]

#[path = "../process/mod.rs"]
mod process;

mod accounts;
mod commands;
mod refusals;
mod running;
mod time;
