//! Figures of the installation, for administrators.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::flow::fault::faults;
use crate::flow::{Actor, Auth, Fault};
use crate::model::{EventKind, Timestamp};
use crate::policy::{Action, Reach};
use crate::store::{AccountCounts, JobCount, StoreError};

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;
/// Figures this old are good enough for whoever asks again.
const FRESH: Duration = Duration::from_secs(10);
/// So long after its end a day's figures are taken to be final, and are remembered.
const SETTLED: i64 = 60 * 60 * 1000;
/// What is counted for each day.
const KINDS: [EventKind; 3] = [
    EventKind::Registered,
    EventKind::SignedIn,
    EventKind::SignInFailed,
];

/// Reads the figures.
#[derive(Debug)]
pub struct ReadStats {
    /// Who asks.
    pub actor: Actor,
    /// For how many days, today included; 1 to [`ReadStats::MOST_DAYS`].
    pub days: u32,
}

/// The figures of one day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayStats {
    /// When it begins.
    pub begins: Timestamp,
    /// Accounts made.
    pub registrations: u64,
    /// Sign-ins.
    pub sign_ins: u64,
    /// Sign-ins refused.
    pub sign_in_failures: u64,
}

/// The figures of the installation, which are not for moderators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemStats {
    /// Sessions that are open.
    pub open_sessions: u64,
    /// Jobs by their state.
    pub jobs: Vec<JobCount>,
}

/// The figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// When they were counted: a few seconds ago at most.
    pub at: Timestamp,
    /// The accounts.
    pub accounts: AccountCounts,
    /// The days, today last. In the limited view sign-ins are not told.
    pub days: Vec<DayStats>,
    /// What is not in the limited view.
    pub system: Option<SystemStats>,
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum ReadStatsError {
    /// The actor may not read them.
    #[error("this role may not read the system's figures")]
    Forbidden,
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(ReadStatsError);

/// What was counted before.
#[derive(Debug, Default)]
pub(crate) struct CountedBefore {
    /// By the number of the day since the epoch.
    days: Mutex<BTreeMap<i64, [u64; KINDS.len()]>>,
    latest: Mutex<Option<Arc<Stats>>>,
}

impl ReadStats {
    /// The longest window.
    pub const MOST_DAYS: u32 = 90;

    /// The figures, in the view the actor may have of them.
    pub async fn run(self, auth: &Auth) -> Result<Stats, ReadStatsError> {
        let limited = match Action::ReadSystem.reach(self.actor.role()) {
            Reach::All => false,
            Reach::Limited => true,
            _ => return Err(ReadStatsError::Forbidden),
        };
        let days = self.days.clamp(1, Self::MOST_DAYS);
        let stats = current(auth, days).await?;
        let mut stats = Stats::clone(&stats);
        let window = usize::try_from(days).unwrap_or(usize::MAX);
        let older = stats.days.len().saturating_sub(window);
        stats.days.drain(..older);
        if limited {
            stats.system = None;
            for day in &mut stats.days {
                (day.sign_ins, day.sign_in_failures) = (0, 0);
            }
        }
        Ok(stats)
    }
}

/// The latest figures, counted anew if they are old or reach back less than `days`.
async fn current(auth: &Auth, days: u32) -> Result<Arc<Stats>, StoreError> {
    let now = auth.clock.now();
    let latest = || {
        let latest = &auth.counted.latest;
        latest.lock().unwrap_or_else(PoisonError::into_inner)
    };
    let known = latest().clone().filter(|stats| {
        let enough = usize::try_from(days).is_ok_and(|days| stats.days.len() >= days);
        enough && stats.at <= now && now.since(stats.at) < FRESH
    });
    if let Some(stats) = known {
        return Ok(stats);
    }
    let today = now.millis().div_euclid(DAY_MILLIS);
    let mut shown = Vec::new();
    for day in (today - i64::from(days) + 1)..=today {
        let [registrations, sign_ins, sign_in_failures] = count_day(auth, day, now).await?;
        shown.push(DayStats {
            begins: Timestamp::from_millis(day * DAY_MILLIS),
            registrations,
            sign_ins,
            sign_in_failures,
        });
    }
    let mut read = auth.store.read();
    let stats = Arc::new(Stats {
        at: now,
        accounts: read.stats().accounts(now).await?,
        days: shown,
        system: Some(SystemStats {
            open_sessions: read.stats().open_sessions(now).await?,
            jobs: read.jobs().counts().await?,
        }),
    });
    *latest() = Some(Arc::clone(&stats));
    Ok(stats)
}

/// One day's counts; those of a day that is over are remembered, for they stay.
async fn count_day(
    auth: &Auth,
    day: i64,
    now: Timestamp,
) -> Result<[u64; KINDS.len()], StoreError> {
    let days = || {
        let days = &auth.counted.days;
        days.lock().unwrap_or_else(PoisonError::into_inner)
    };
    let remembered = days().get(&day).copied();
    if let Some(counts) = remembered {
        return Ok(counts);
    }
    let (from, until) = (day * DAY_MILLIS, (day + 1) * DAY_MILLIS);
    let mut counts = [0; KINDS.len()];
    for (count, kind) in counts.iter_mut().zip(KINDS) {
        let (from, until) = (Timestamp::from_millis(from), Timestamp::from_millis(until));
        *count = auth.store.read().stats().events(kind, from, until).await?;
    }
    if until + SETTLED < now.millis() {
        let mut days = days();
        days.insert(day, counts);
        // What no window reaches any more.
        *days = days.split_off(&(day - i64::from(ReadStats::MOST_DAYS)));
    }
    Ok(counts)
}
