//! Real conversations with a server that fails as told, and the outbox on a disk.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
#[expect(
    dead_code,
    reason = "some of its parts are for the server's tests alone"
)]
mod fake;
mod message;
mod outbox;
mod tls;
