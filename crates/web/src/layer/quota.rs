//! How many requests per minute (PRO-1), in memory: GCRA by `governor`, driven by the installation's clock.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use governor::clock::Clock;
use governor::middleware::{StateInformationMiddleware, StateSnapshot};
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter as Gcra};
use ntt_auth_core::Auth;
use ntt_auth_core::model::{Role, UserId};

use crate::settings::RateLimits;

/// So many keys are held in one bucket; beyond, addresses are counted by larger networks.
const CROWD: usize = 100_000;
/// After so many checks, keys of callers that have been quiet are forgotten.
const SWEEP: usize = 4096;

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key {
    User(UserId),
    /// An IPv4 address, or an IPv6 /64, which is what one subscriber is given.
    Network(IpAddr),
    /// Whose address is not known.
    Nobody,
}

impl Key {
    pub(super) fn of_address(address: Option<IpAddr>) -> Self {
        Self::of_network(address, 32, 64)
    }

    fn of_network(address: Option<IpAddr>, v4: u8, v6: u8) -> Self {
        let network = address.and_then(|address| {
            let address = address.to_canonical();
            let length = if address.is_ipv4() { v4 } else { v6 };
            ipnet::IpNet::new(address, length)
                .ok()
                .map(|network| network.network())
        });
        network.map_or(Self::Nobody, Self::Network)
    }

    /// The larger network an address is counted with in a crowd.
    fn in_crowd(self) -> Self {
        match self {
            Self::Network(address) => Self::of_network(Some(address), 16, 32),
            other => other,
        }
    }
}

/// Which limit applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    Role(Role),
    Login,
    Register,
    /// Refreshing and signing out: by address, whoever asks, and more than guests have, so that a house full of people
    /// whose access tokens have expired can go on.
    Refresh,
    /// What has a mail sent.
    Mail,
}

impl Policy {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Role(role) => role.as_str(),
            Self::Login => "login",
            Self::Register => "register",
            Self::Refresh => "refresh",
            Self::Mail => "mail",
        }
    }
}

/// What a caller has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// Seconds until the whole quota is there again; if refused, until the next request is admitted.
    pub(super) seconds: u64,
    pub(super) admitted: bool,
}

/// Counts requests. None at all if limits are turned off.
pub(crate) struct RateLimiter {
    clock: CoreClock,
    limits: RateLimits,
    buckets: Option<ArcSwap<Buckets>>,
}

impl RateLimiter {
    /// A limiter by these limits, on the clock of `auth`.
    pub(crate) fn new(auth: &Arc<Auth>, limits: &RateLimits) -> Self {
        let clock = CoreClock(Arc::clone(auth));
        let buckets = limits
            .enabled
            .then(|| ArcSwap::from_pointee(Buckets::new(&clock, limits)));
        Self {
            clock,
            limits: *limits,
            buckets,
        }
    }

    /// Forgets what was counted.
    pub(crate) fn forget(&self) {
        if let Some(buckets) = &self.buckets {
            buckets.store(Arc::new(Buckets::new(&self.clock, &self.limits)));
        }
    }

    /// Counts one request outside the limits by role. If there are too many, after how many seconds to come again.
    pub(super) fn flooded_by(&self, address: impl FnOnce() -> Option<IpAddr>) -> Option<u64> {
        let buckets = self.buckets.as_ref()?;
        let standing = buckets.load().open.count(Key::of_address(address()));
        (!standing.admitted).then_some(standing.seconds)
    }

    /// Counts one request. `None` if limits are turned off.
    pub(super) fn count(&self, policy: Policy, key: Key) -> Option<Standing> {
        self.buckets
            .as_ref()
            .map(|buckets| buckets.load().of(policy).count(key))
    }
}

struct Buckets {
    guest: Bucket,
    user: Bucket,
    moderator: Bucket,
    admin: Bucket,
    super_admin: Bucket,
    login: Bucket,
    register: Bucket,
    refresh: Bucket,
    mail: Bucket,
    open: Bucket,
}

impl Buckets {
    fn new(clock: &CoreClock, limits: &RateLimits) -> Self {
        let bucket = |limit| Bucket::new(clock, limit);
        Self {
            guest: bucket(limits.guest),
            user: bucket(limits.user),
            moderator: bucket(limits.moderator),
            admin: bucket(limits.admin),
            super_admin: bucket(limits.super_admin),
            login: bucket(limits.login),
            register: bucket(limits.register),
            refresh: bucket(limits.refresh),
            mail: bucket(limits.mail),
            open: bucket(limits.open),
        }
    }

    fn of(&self, policy: Policy) -> &Bucket {
        match policy {
            Policy::Role(Role::Guest) => &self.guest,
            Policy::Role(Role::User) => &self.user,
            Policy::Role(Role::Moderator) => &self.moderator,
            Policy::Role(Role::Admin) => &self.admin,
            Policy::Role(Role::SuperAdmin) => &self.super_admin,
            Policy::Login => &self.login,
            Policy::Register => &self.register,
            Policy::Refresh => &self.refresh,
            Policy::Mail => &self.mail,
        }
    }
}

struct Bucket {
    gcra: Gcra<Key, DashMapStateStore<Key>, CoreClock, StateInformationMiddleware>,
    clock: CoreClock,
    limit: NonZeroU32,
    checks: AtomicUsize,
}

impl Bucket {
    fn new(clock: &CoreClock, limit: NonZeroU32) -> Self {
        let gcra = Gcra::dashmap_with_clock(Quota::per_minute(limit), clock.clone())
            .with_middleware::<StateInformationMiddleware>();
        Self {
            gcra,
            clock: clock.clone(),
            limit,
            checks: AtomicUsize::new(0),
        }
    }

    fn count(&self, key: Key) -> Standing {
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.gcra.retain_recent();
        }
        let key = if self.gcra.len() < CROWD {
            key
        } else {
            key.in_crowd()
        };
        match self.gcra.check_key(&key) {
            Ok(snapshot) => self.admitted(&snapshot),
            Err(until) => {
                let wait = until.wait_time_from(self.clock.now());
                Standing {
                    limit: self.limit.get(),
                    remaining: 0,
                    seconds: ceil(wait).max(1),
                    admitted: false,
                }
            }
        }
    }

    fn admitted(&self, snapshot: &StateSnapshot) -> Standing {
        let limit = self.limit.get();
        let remaining = snapshot.remaining_burst_capacity();
        let seconds = ceil(Duration::from_mins(1) * limit.saturating_sub(remaining) / limit);
        Standing {
            limit,
            remaining,
            seconds,
            admitted: true,
        }
    }
}

/// Whole seconds, rounded up.
fn ceil(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// The installation's clock as `governor` wants it.
#[derive(Clone)]
struct CoreClock(Arc<Auth>);

impl Clock for CoreClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.now().millis()).unwrap_or(0))
    }
}
