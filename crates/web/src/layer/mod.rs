//! What wraps every answer ([`frame`]), and what wraps some.

pub(crate) mod context;
mod cors;
mod denials;
mod frame;
mod quota;
mod rate_limit;
mod request_id;
mod shared_limits;

pub(crate) use cors::cors;
pub(crate) use denials::note_denials;
pub(crate) use frame::{FrameLayer, Tone};
pub(crate) use quota::RateLimiter;
pub(crate) use rate_limit::rate_limit;
pub use shared_limits::{Counted, SharedCount, SharedLimits};
