//! Tables, and how a row becomes what it stands for: one noun, one file, named as in the rules' `store/`.

mod audit;
mod audit_page;
mod codes;
mod consents;
pub(crate) mod copying;
mod erasures;
mod imports;
mod jobs;
mod keys;
mod restored;
mod revocations;
mod root;
mod sessions;
mod setup;
mod stats;
#[cfg(test)]
mod tests;
mod throttles;
pub(crate) mod user_search;
mod users;
mod users_page;
