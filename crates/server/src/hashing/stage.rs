//! Where a hash is on its way, as traces tell it.

use tracing::Span;

/// The part of a hash's way that it is in. It ends when the next begins, or with this.
#[derive(Debug)]
pub(super) struct Stage {
    whole: Span,
    part: Span,
}

impl Stage {
    /// Waiting for a thread, as part of what this thread is about.
    pub(super) fn waiting() -> Self {
        Self {
            whole: Span::current(),
            part: tracing::info_span!(target: "trace", "wait for a thread"),
        }
    }

    /// Being computed, `together` at once.
    pub(super) fn computing(&mut self, together: usize) {
        // A collector gets numbers with a sign as numbers, and all others as texts.
        let hashes = i64::try_from(together).unwrap_or(i64::MAX);
        let compute = || tracing::info_span!(target: "trace", "compute", hashes);
        self.part = self.whole.in_scope(compute);
    }
}
