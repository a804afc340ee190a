//! Routes about the server itself: health, metrics, public keys, documentation.

mod desk;
pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod jwks;
mod metrics;
pub(crate) mod openapi;
pub(crate) mod outbox;
mod probe;
pub(crate) mod scrape;
mod travel;

pub(crate) use metrics::Metrics;
pub use outbox::{Outbox, OutboxMail};
pub use probe::{
    BreakerState, BreakerStats, Component, Condition, HashingStats, LetterStats, MailStats,
    NodeStats, Probe, StatementStats, StoreStats, TraceStats,
};
pub use travel::TimeTravel;
pub(crate) use travel::Traveller;
