//! Counters of guesses at a secret (PRO-2). A guess is counted before anybody looks whether it is right, so that many at
//! once cannot outrun the count; being right takes it back.

use std::fmt;
use std::time::Duration;

use crate::model::Timestamp;

/// The name of a counter, or of the account it belongs to: a MAC of what it stands for, so that a copy of the store tells
/// nothing of addresses or identifiers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThrottleId([u8; 32]);

impl ThrottleId {
    /// Wraps a MAC, or what a store gives back.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The MAC as it is stored.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ThrottleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::secret::REDACTED)
    }
}

/// How many guesses one counter admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// So many within a window; the last of them locks.
    pub guesses: u32,
    /// How long guesses are added up.
    pub window: Duration,
    /// What a lock lasts.
    pub lock: LockTime,
}

/// What a lock lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockTime {
    /// So long at first, twice as long each time it follows on another, at most so long.
    Growing {
        /// The first.
        first: Duration,
        /// The longest.
        longest: Duration,
    },
    /// To the end of the window; after so many guesses in a row, if that is set, until somebody lifts it.
    Window {
        /// How many in a row, over all windows.
        consecutive: Option<u32>,
        /// After how long it lifts by itself, where there is nobody who could lift it.
        lifts_after: Option<Duration>,
    },
}

/// A counter. It begins with the first guess and is forgotten when it can make no difference any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// Guesses in this window, since the last lock.
    pub guesses: u32,
    /// Guesses in a row, over all windows and locks, since one was right.
    pub in_a_row: u32,
    /// When the window ends.
    pub window_ends: Timestamp,
    /// Until when nothing is admitted.
    pub locked_until: Option<Timestamp>,
    /// When it may be forgotten.
    pub expires_at: Timestamp,
}

impl Throttle {
    /// A lock that ends only by being lifted.
    pub const UNTIL_LIFTED: Timestamp = Timestamp::from_millis(i64::MAX);

    /// Until when nothing is admitted, if that is later than `now`.
    pub fn locked_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.locked_until.filter(|until| now < *until)
    }

    /// Counts one more guess, or says until when none is admitted.
    pub fn admit(
        before: Option<&Self>,
        budget: &Budget,
        now: Timestamp,
    ) -> Result<Self, Timestamp> {
        let mut counter = match before.filter(|before| now < before.expires_at) {
            Some(before) => *before,
            None => Self {
                guesses: 0,
                in_a_row: 0,
                window_ends: now.plus(budget.window),
                locked_until: None,
                expires_at: now,
            },
        };
        if let Some(until) = counter.locked_at(now) {
            return Err(until);
        }
        if counter.locked_until.take().is_some() || counter.window_ends <= now {
            counter.guesses = 0;
            counter.window_ends = now.plus(budget.window);
        }
        counter.guesses = counter.guesses.saturating_add(1);
        counter.in_a_row = counter.in_a_row.saturating_add(1);
        counter.locked_until = counter.lock(budget, now);
        counter.expires_at = counter
            .locked_until
            .unwrap_or(now)
            .max(counter.window_ends)
            .plus(budget.window);
        Ok(counter)
    }

    fn lock(&self, budget: &Budget, now: Timestamp) -> Option<Timestamp> {
        let full = self.guesses >= budget.guesses;
        match budget.lock {
            LockTime::Growing { first, longest } => full.then(|| {
                let earlier = (self.in_a_row / budget.guesses.max(1)).saturating_sub(1);
                let time = first.saturating_mul(1_u32.checked_shl(earlier).unwrap_or(u32::MAX));
                now.plus(time.min(longest))
            }),
            LockTime::Window {
                consecutive,
                lifts_after,
            } => {
                if consecutive.is_some_and(|most| self.in_a_row >= most) {
                    Some(lifts_after.map_or(Self::UNTIL_LIFTED, |after| now.plus(after)))
                } else {
                    full.then_some(self.window_ends)
                }
            }
        }
    }

    /// Takes back a guess that was counted, because the secret was right or was not looked at.
    #[must_use]
    pub fn taken_back(mut self) -> Self {
        self.guesses = self.guesses.saturating_sub(1);
        self.in_a_row = self.in_a_row.saturating_sub(1);
        self.locked_until = None;
        self
    }

    /// Ends the row of guesses, because the secret was right: a lock that the row brought about, which outlasts the window,
    /// is lifted. What is left of the window's budget stays as it is.
    #[must_use]
    pub fn ended_row(mut self) -> Self {
        self.in_a_row = 0;
        if self
            .locked_until
            .is_some_and(|until| self.window_ends < until)
        {
            self.locked_until = None;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);
    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    const SOURCE: Budget = Budget {
        guesses: 5,
        window: Duration::from_hours(24),
        lock: LockTime::Growing {
            first: Duration::from_mins(15),
            longest: Duration::from_hours(24),
        },
    };
    const STRANGERS: Budget = Budget {
        guesses: 50,
        window: Duration::from_hours(24),
        lock: LockTime::Window {
            consecutive: Some(100),
            lifts_after: None,
        },
    };

    /// Guesses as long as one is admitted; gives the counter, how many there were, and until when none is.
    fn exhaust(
        counter: Option<Throttle>,
        budget: &Budget,
        now: Timestamp,
    ) -> (Throttle, u32, Timestamp) {
        let (mut counter, mut count) = (counter, 0);
        loop {
            match Throttle::admit(counter.as_ref(), budget, now) {
                Ok(after) => (counter, count) = (Some(after), count + 1),
                Err(until) => return (counter.unwrap(), count, until),
            }
        }
    }

    #[test]
    fn pro2_five_guesses_lock_for_fifteen_minutes_and_then_for_longer_and_longer() {
        let (mut counter, mut now) = (None, NOW);
        let mut in_one_day = 0;
        for minutes in [15, 30, 60, 120, 240, 480, 960, 1440, 1440] {
            let (after, count, until) = exhaust(counter, &SOURCE, now);
            assert_eq!((count, until), (5, now.plus(MINUTE * minutes)));
            if now.since(NOW) < Duration::from_hours(24) {
                in_one_day += count;
            }
            (counter, now) = (Some(after), until);
        }
        assert_eq!(in_one_day, 35);
    }

    #[test]
    fn a_counter_is_forgotten_a_window_after_its_last_lock() {
        let (counter, _, until) = exhaust(None, &SOURCE, NOW);
        assert!(counter.expires_at >= until.plus(SOURCE.window));
        let (_, count, until) = exhaust(Some(counter), &SOURCE, counter.expires_at);
        assert_eq!((count, until), (5, counter.expires_at.plus(MINUTE * 15)));
    }

    #[test]
    fn guesses_far_apart_do_not_add_up() {
        let mut counter = None;
        for day in 0..20 {
            let now = NOW.plus(Duration::from_hours(25 * day));
            counter = Some(Throttle::admit(counter.as_ref(), &SOURCE, now).unwrap());
        }
        assert_eq!(counter.unwrap().locked_until, None);
    }

    #[test]
    fn strangers_have_a_budget_a_day_and_a_hundred_in_a_row() {
        let (counter, count, until) = exhaust(None, &STRANGERS, NOW);
        assert_eq!((count, until), (50, NOW.plus(STRANGERS.window)));
        let (counter, count, until) = exhaust(Some(counter), &STRANGERS, until);
        assert_eq!((count, until), (50, Throttle::UNTIL_LIFTED));
        let lifted = counter.ended_row();
        let next_day = NOW.plus(STRANGERS.window * 2);
        let (_, count, _) = exhaust(Some(lifted), &STRANGERS, next_day);
        assert_eq!(count, 50);
    }

    #[test]
    fn where_nobody_could_lift_it_a_hundred_in_a_row_lifts_by_itself() {
        let days = Duration::from_hours(24 * 90);
        let nobody = Budget {
            lock: LockTime::Window {
                consecutive: Some(100),
                lifts_after: Some(days),
            },
            ..STRANGERS
        };
        let (counter, _, until) = exhaust(None, &nobody, NOW);
        let (counter, _, lifted) = exhaust(Some(counter), &nobody, until);
        assert_eq!(lifted, until.plus(days));
        assert_eq!(counter.expires_at, lifted.plus(nobody.window));
        let (_, count, _) = exhaust(Some(counter), &nobody, counter.expires_at);
        assert_eq!(count, 50);
        // Somebody has the name by now, and was right.
        assert_eq!(counter.ended_row().locked_until, None);
    }

    #[test]
    fn what_is_taken_back_was_never_counted() {
        let (counter, ..) = exhaust(None, &SOURCE, NOW);
        let (_, count, _) = exhaust(Some(counter.taken_back()), &SOURCE, NOW);
        assert_eq!(count, 1);
    }

    #[test]
    fn being_right_does_not_refill_the_day() {
        let (counter, ..) = exhaust(None, &STRANGERS, NOW);
        let after = counter.taken_back().ended_row();
        let (_, count, _) = exhaust(Some(after), &STRANGERS, NOW);
        assert_eq!(count, 1);
    }
}
