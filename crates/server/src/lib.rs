//! Wiring and operating ntt-auth: configuration, command line, the accept loop, the log, the hashing pool.

pub mod listen;
pub mod settings;
pub mod telemetry;
