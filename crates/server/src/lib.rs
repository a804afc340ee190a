//! Wiring and operating ntt-auth: configuration, command line, the accept loop, the log, the hashing pool.

pub mod background;
pub mod backup;
pub mod breach;
pub mod breaker;
pub mod cli;
pub mod doctor;
pub mod engine;
pub mod erasure_log;
pub mod hashing;
pub mod jobs;
pub mod listen;
pub mod mail;
pub mod ports;
pub mod probe;
#[cfg(feature = "redis")]
pub mod redis;
pub mod serve;
pub mod settings;
pub mod shared;
pub mod start;
pub mod telemetry;
pub mod travel;
pub mod wakes;
