//! What counts requests for several servers together, where there is such a thing.

use std::time::Duration;

use async_trait::async_trait;

/// Whose request is counted, and by which limit: the generic cell rate algorithm (GCRA).
#[derive(Debug, Clone, Copy)]
pub struct Counted<'a> {
    /// The name of the limit.
    pub policy: &'static str,
    /// Who asks: a text of bytes that stands for a user, a network or nobody, and for nothing else.
    pub caller: &'a [u8],
    /// After what time one more request is admitted.
    pub step: Duration,
    /// How far the theoretical arrival time may be ahead of a request that is admitted.
    pub tolerance: Duration,
}

/// What came of counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedCount {
    /// Whether the request is within the limit.
    pub admitted: bool,
    /// If it is, after what time the whole quota is there again; if not, after what time the next request is admitted.
    pub wait: Duration,
}

/// Counts requests of all servers together. The server implements it.
#[async_trait]
pub trait SharedLimits: Send + Sync {
    /// Counts one request. `None` if that cannot be done at once: then each server counts by itself.
    async fn count(&self, counted: Counted<'_>) -> Option<SharedCount>;

    /// Forgets what was counted.
    async fn forget(&self);
}
