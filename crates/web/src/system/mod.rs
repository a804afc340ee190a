//! Routes about the server itself: health, metrics, public keys, documentation.

pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod jwks;
mod metrics;
pub(crate) mod openapi;
mod probe;
pub(crate) mod scrape;
mod travel;

pub(crate) use metrics::Metrics;
pub use probe::{Component, Condition, HashingStats, Probe};
pub use travel::TimeTravel;
pub(crate) use travel::Traveller;
