//! The promises, by noun.

pub mod audit;
pub mod codes;
pub mod consents;
pub mod erasures;
pub mod imports;
pub mod jobs;
pub mod keys;
pub mod restored;
pub mod revocations;
pub mod root;
pub mod sessions;
pub mod setup;
pub mod stats;
pub mod throttles;
pub mod transactions;
pub mod users;
pub mod users_page;
pub mod users_search;
