//! How often letters are sent: nobody's mailbox is flooded through this server.

use std::time::Duration;

use crate::flow::Auth;
use crate::model::{Budget, Email, LockTime, Throttle, ThrottleId, Timestamp, User, UserId};
use crate::store::{StoreError, Tx};

/// How often one person is written to for the asking.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    interval: Duration,
    per_day: u32,
}

impl Pace {
    /// The installation's.
    pub(crate) fn of(auth: &Auth) -> Self {
        let links = &auth.rules.accounts.links;
        Self {
            interval: links.interval,
            per_day: links.per_day,
        }
    }

    /// After how many seconds another may be asked for at the latest, if only the interval stands against it.
    pub(crate) fn seconds(self) -> u64 {
        self.interval.as_secs().max(1)
    }
}

/// A mailbox that may be a stranger's, for letters of one kind: what they are counted in, and how many it gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mailbox {
    /// Of a short while, and of a day.
    counters: [ThrottleId; 2],
    pace: Pace,
}

impl Mailbox {
    /// That of an address, whosever it is.
    pub(crate) fn of(auth: &Auth, address: &Email, topic: &str) -> Self {
        Self {
            counters: auth.throttle_names.mailbox(address, topic),
            pace: Pace::of(auth),
        }
    }

    /// That of a user, unless the address was shown to be theirs.
    pub(crate) fn of_stranger(auth: &Auth, user: &User, topic: &str) -> Option<Self> {
        let is_strangers = user.email_verified_at.is_none();
        is_strangers.then(|| Self::of(auth, &user.email, topic))
    }
}

/// Whether another letter of this name may be sent to a person now, however many addresses the requests come from.
pub(crate) async fn may_write(
    tx: &mut dyn Tx,
    pace: Pace,
    subject: UserId,
    topic: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let last = now.minus(pace.interval);
    if tx.jobs().asked_since(subject, topic, last).await? > 0 {
        return Ok(false);
    }
    let day = now.minus(Duration::from_hours(24));
    Ok(tx.jobs().asked_since(subject, topic, day).await? < u64::from(pace.per_day))
}

/// Whether another letter may be sent to an address that nobody has shown to be theirs, and if so, counts it: however many people ask, and whatever
/// becomes of their accounts, the mailbox of a stranger gets no more than that of a user. `None` is no such address.
pub(crate) async fn may_write_to(
    tx: &mut dyn Tx,
    mailbox: Option<Mailbox>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(Mailbox { counters, pace }) = mailbox else {
        return Ok(true);
    };
    let [a_while, a_day] = counters;
    let budget = |guesses, window| Budget {
        guesses,
        window,
        lock: LockTime::Window {
            consecutive: None,
            lifts_after: None,
        },
    };
    let mut budgets = [
        (a_while, budget(1, pace.interval)),
        (a_day, budget(pace.per_day, Duration::from_hours(24))),
    ];
    // Everybody takes them in the same order, so that nobody waits for each other.
    budgets.sort_unstable_by_key(|(id, _)| *id);
    let mut counted = Vec::with_capacity(budgets.len());
    for (id, budget) in budgets {
        let before = tx.throttles().hold(&id).await?;
        match Throttle::admit(before.as_ref(), &budget, now) {
            Ok(counter) => counted.push((id, before.is_some(), counter)),
            Err(_) => return Ok(false),
        }
    }
    for (id, is_there, counter) in counted {
        match is_there {
            true => tx.throttles().update(&id, &counter).await?,
            false => tx.throttles().insert(&id, &id, &counter).await?,
        }
    }
    Ok(true)
}
