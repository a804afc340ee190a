//! What handlers take: arguments that have been read, checked and attributed before a handler runs.

mod address;
mod body;
mod feed_reader;
mod form;
mod json;
mod may_act;
mod path;
mod peer;
mod query;
mod signed_in;
mod strict;

pub mod may;

pub(crate) use address::client_address;
pub(crate) use body::read_body;
pub(crate) use feed_reader::FeedReader;
pub(crate) use form::Form;
pub use json::Json;
pub use may_act::May;
pub use path::Path;
pub use peer::Peer;
pub(crate) use peer::readable;
pub use query::Query;
pub use signed_in::{MaybeSignedIn, SignedIn};
pub(crate) use signed_in::{bearer, missing_token};
