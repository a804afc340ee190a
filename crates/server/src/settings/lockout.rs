//! How many guesses at a password are admitted.

use std::time::Duration;

use ntt_auth_core::policy::LockoutRules;

use super::reader::{Reader, Refused};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

pub(super) fn read(reader: &mut Reader<'_>) -> Result<LockoutRules, Refused> {
    let enabled = reader.boolean("lockout.enabled");
    let guesses = reader.integer("lockout.attempts", 1, 100);
    let window = reader.duration("lockout.window", SECOND, 30 * DAY);
    let lock = reader.duration("lockout.duration", SECOND, DAY);
    let longest_lock = reader.duration("lockout.longest", SECOND, 30 * DAY);
    let strangers = reader.integer("lockout.strangers", 1, 1000);
    let consecutive = reader.integer::<u32>("lockout.consecutive", 0, 100);
    if let (Ok(lock), Ok(longest)) = (lock, longest_lock)
        && longest < lock
    {
        reader.refuse(
            "lockout.longest",
            "it is shorter than lockout.duration",
            "choose at least lockout.duration",
        );
    }
    Ok(LockoutRules {
        enabled: enabled?,
        guesses: guesses?,
        window: window?,
        lock: lock?,
        longest_lock: longest_lock?,
        strangers: strangers?,
        consecutive: Some(consecutive?).filter(|count| *count > 0),
    })
}
