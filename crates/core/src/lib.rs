//! What is true in ntt-auth: accounts, sessions, tokens, policy, and the use cases over them.
//!
//! This crate knows neither HTTP nor SQL, neither files nor the environment. Time, chance and the slow work of
//! hashing come in through ports ([`port`], [`password::Hasher`]); what is remembered goes through the traits of
//! [`store`]. Every rule is written once, here, in a [`flow`], and pages, API, console and command line call it.

pub mod audit;
pub mod flow;
pub mod model;
pub mod password;
pub mod policy;
pub mod port;
pub mod secret;
pub mod store;
pub mod token;
pub mod transfer;

pub use flow::Auth;
