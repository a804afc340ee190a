//! Collections, and how a document becomes what it stands for: one noun, one file, named as in the rules' `store/`. What a
//! noun is known by is the `_id` of its documents.

mod audit;
mod audit_page;
mod codes;
mod consents;
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
mod throttles;
pub(crate) mod user_search;
mod users;
mod users_page;
