//! How many events of a kind that anybody can provoke are written: enough to see an attack, too few to flood the trail.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::model::{Timestamp, UserId};

const WINDOW: Duration = Duration::from_mins(1);
/// Events of one actor in a window.
const PER_ACTOR: u32 = 10;
/// Events in a window, whoever the actors are.
const IN_ALL: u32 = 300;

/// Counts in windows of a minute.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    begun: Option<Timestamp>,
    admitted: u32,
    actors: HashMap<UserId, u32>,
    /// What was left out in the window before and has not been told yet.
    left_out: u64,
}

impl Pace {
    /// Whether an event of this actor is to be written now, and how many were left out since the last that was.
    pub(crate) fn admit(&self, actor: UserId, now: Timestamp) -> Option<u64> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back begins a new window, too.
        if window
            .begun
            .is_none_or(|begun| now < begun || now >= begun.plus(WINDOW))
        {
            window.begun = Some(now);
            window.admitted = 0;
            window.actors.clear();
        }
        let of_actor = window.actors.get(&actor).copied().unwrap_or(0);
        if of_actor >= PER_ACTOR || window.admitted >= IN_ALL {
            window.left_out += 1;
            return None;
        }
        window.admitted += 1;
        *window.actors.entry(actor).or_default() += 1;
        Some(std::mem::take(&mut window.left_out))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn v16_3_2_one_actor_and_many_are_bounded_and_what_is_left_out_is_told() {
        let pace = Pace::default();
        let at = Timestamp::from_millis;
        let admitted = (0..50)
            .filter(|_| pace.admit(user(1), at(0)).is_some())
            .count();
        assert_eq!(admitted, 10);
        assert_eq!(pace.admit(user(2), at(1)), Some(40));
        let others = (3..1000)
            .filter(|number| pace.admit(user(*number), at(2)).is_some())
            .count();
        assert_eq!(others, 289);
        assert_eq!(pace.admit(user(1), at(59_999)), None);
        assert_eq!(pace.admit(user(1), at(60_000)), Some(709));
        assert_eq!(pace.admit(user(1), at(60_001)), Some(0));
    }
}
