//! The promises, by noun, and those that every noun keeps by theme.

pub mod audit;
pub mod bounds;
pub mod clocks;
pub mod codes;
pub mod consents;
pub mod erasures;
pub mod imports;
pub mod jobs;
pub mod keys;
pub mod pages;
pub mod races;
pub mod restored;
pub mod revocations;
pub mod rollback;
pub mod root;
pub mod sessions;
pub mod setup;
pub mod stats;
pub mod texts;
pub mod throttles;
pub mod transactions;
pub mod users;
pub mod users_page;
pub mod users_search;
