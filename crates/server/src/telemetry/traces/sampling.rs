//! Which of what begins here is traced.

use std::cell::Cell;
use std::hash::{BuildHasher as _, RandomState};

use crate::settings::Share;

/// Steps by the golden ratio: of any run of them, the right share falls below a threshold, and no rhythm of the requests
/// meets one of theirs (Weyl's sequence).
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

thread_local! {
    /// Each thread has its own, so that choosing touches no memory of others.
    static PLACE: Cell<u64> = Cell::new(RandomState::new().hash_one(0));
}

/// Chooses a share of all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sampling(u64);

impl Sampling {
    pub(super) fn of(share: Share) -> Self {
        Self(share.threshold())
    }

    /// Whether the next one is chosen.
    pub(super) fn chooses(self) -> bool {
        match self.0 {
            0 => false,
            u64::MAX => true,
            threshold => {
                let place = PLACE.get().wrapping_add(STEP);
                PLACE.set(place);
                place < threshold
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configured_share_is_chosen() {
        for (threshold, expected) in [(0, 0), (u64::MAX, 10_000), (u64::MAX / 10, 1_000)] {
            let sampling = Sampling(threshold);
            let chosen = (0..10_000).filter(|_| sampling.chooses()).count();
            assert!(chosen.abs_diff(expected) < 5, "{chosen} of {expected}");
        }
    }
}
