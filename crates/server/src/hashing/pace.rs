use std::time::Duration;

/// How long a hash keeps a thread, measured as it happens.
#[derive(Debug)]
pub(super) struct Pace {
    lanes: u32,
    /// Of a hash that had its thread to itself.
    lone: Option<Duration>,
    /// Of one among as many as are taken at once: the time they took together, divided by their number.
    full: Option<Duration>,
}

impl Pace {
    pub(super) fn new(lanes: usize) -> Self {
        Self {
            lanes: u32::try_from(lanes).unwrap_or(u32::MAX),
            lone: None,
            full: None,
        }
    }

    /// Notes that one thread computed `batch` hashes in `elapsed`.
    pub(super) fn note(&mut self, batch: usize, elapsed: Duration) {
        let batch = u32::try_from(batch).unwrap_or(u32::MAX).max(1);
        let mean = if batch == self.lanes {
            &mut self.full
        } else if batch == 1 {
            &mut self.lone
        } else {
            return;
        };
        let sample = elapsed / batch;
        // The last handful counts most: costs change when hashes of another system are met, and machines slow down.
        *mean = Some(mean.map_or(sample, |mean| (mean * 4 + sample) / 5));
    }

    /// How long a hash keeps a thread when many wait; nothing before the first was measured.
    pub(super) fn under_load(&self) -> Option<Duration> {
        // Until it is measured: interleaving was worth more than this on every machine tried.
        self.full.or_else(|| {
            self.lone
                .map(|lone| if self.lanes > 1 { lone * 2 / 5 } else { lone })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn what_is_not_measured_is_not_known() {
        let mut pace = Pace::new(5);
        assert_eq!(pace.under_load(), None);
        pace.note(3, ms(300));
        assert_eq!(pace.under_load(), None);
    }

    #[test]
    fn a_lone_hash_gives_a_first_idea_and_full_batches_the_truth() {
        let mut pace = Pace::new(5);
        pace.note(1, ms(250));
        assert_eq!(pace.under_load(), Some(ms(100)));
        pace.note(5, ms(350));
        assert_eq!(pace.under_load(), Some(ms(70)));
        pace.note(1, ms(900));
        assert_eq!(pace.under_load(), Some(ms(70)));
        pace.note(5, ms(600));
        assert_eq!(pace.under_load(), Some(ms(80)));
    }
}
