//! The crate from outside: published vectors, published examples, and forgeries of our own.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must stop"
)]

mod claims;
mod forge;
mod forgeries;
mod malformed;
mod properties;
mod published_vectors;
mod rfc_examples;
