//! Time and chance that tests hold in their hands.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use ntt_auth_core::model::Timestamp;
use ntt_auth_core::port::{Clock, Entropy};

/// A clock that stands still until it is moved.
pub(crate) struct ManualClock(AtomicI64);

/// 2026-01-01
const BEGINNING: i64 = 1_767_225_600_000;

impl Default for ManualClock {
    fn default() -> Self {
        Self(AtomicI64::new(BEGINNING))
    }
}

impl ManualClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0
            .fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// How far it was moved.
    pub(crate) fn ahead(&self) -> Duration {
        Duration::from_millis((self.now().millis() - BEGINNING).unsigned_abs())
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Draws that can be told beforehand: a counter through the mixing function of `SplitMix64`.
pub(crate) struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    /// Draws of their own for each installation, so that two nodes at one store never draw the same.
    pub(crate) fn new() -> Self {
        static INSTALLATIONS: AtomicU64 = AtomicU64::new(1);
        Self(AtomicU64::new(
            INSTALLATIONS
                .fetch_add(1, Ordering::SeqCst)
                .wrapping_mul(0xd6e8_feb8_6659_fd93),
        ))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
        }
    }
}
